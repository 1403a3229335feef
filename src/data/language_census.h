#pragma once
// Which languages a dataset is in, so that its card does not list what the detector of languages
// made of a page of numbers.

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "data/dataset.h"

namespace recto {

/// From here on a page's language is sure; that of a page without a confidence (0) is stated.
inline constexpr float kSureLanguage = 0.5F;
/// So many sure pages make a language one of the dataset's, whatever else is in it.
inline constexpr int64_t kPagesOfALanguage = 3;

class LanguageCensus {
 public:
  void add(const DocumentRow& row) { documents_.insert(row.language); }
  void add(const PageRow& row);
  void add(const QueryRow& row) { queries_.insert(row.language); }

  /// The dataset's languages: those of a query, of a document that has a sure page in its own
  /// language, and of kPagesOfALanguage sure pages.
  std::set<std::string> listed() const;

  /// Pages by language, of the languages that are not listed.
  std::map<std::string, int64_t> unlisted() const;

 private:
  std::set<std::string> documents_;
  std::set<std::string> queries_;
  std::map<std::string, int64_t> pages_;
  std::map<std::string, int64_t> sure_pages_;
};

}  // namespace recto
