#include "data/language_census.h"

namespace recto {

void LanguageCensus::add(const PageRow& row) {
  ++pages_[row.language];
  const bool stated = row.language_confidence == 0;
  if (stated || row.language_confidence >= kSureLanguage) ++sure_pages_[row.language];
}

std::set<std::string> LanguageCensus::listed() const {
  std::set<std::string> listed = queries_;
  for (const auto& [language, pages] : sure_pages_) {
    if (pages >= kPagesOfALanguage || documents_.count(language) != 0) listed.insert(language);
  }
  listed.erase("");
  return listed;
}

std::map<std::string, int64_t> LanguageCensus::unlisted() const {
  std::map<std::string, int64_t> unlisted = pages_;
  for (const std::string& language : listed()) unlisted.erase(language);
  unlisted.erase("");
  return unlisted;
}

}  // namespace recto
