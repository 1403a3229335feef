#pragma once
// What has to go with a document, and what has to be renamed.

#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "data/dataset.h"
#include "data/hash_search.h"

namespace recto {

/// The documents that `selectors` mean: a document id, its first 8 digits or more, or a shell
/// pattern (* ? []) of the source name. Sorted by id. Throws Error(kNotFound) for one that means
/// none, Error(kUsage) for digits that several ids begin with, and for all documents at once.
std::vector<DocumentRow> select_documents(const Dataset& dataset,
                                          const std::vector<std::string>& selectors);

/// Whether text speaks of forgotten documents.
class ForgottenMarks {
 public:
  /// `names` are searched for in text; a name that others bear too must not be among them.
  ForgottenMarks(const std::vector<std::string>& ids, std::vector<std::string> names);

  bool has_hash(std::string_view text) const { return hashes_.contains(text); }
  bool has_name(std::string_view text) const;
  bool in(std::string_view text) const { return has_hash(text) || has_name(text); }
  /// `text` with every mention replaced by "(forgotten)".
  std::string without(const std::string& text) const;
  const HashSearch& hashes() const { return hashes_; }
  const std::vector<std::string>& names() const { return names_; }

 private:
  /// Place of `name` in `text` where it stands for itself, from `from` on.
  static size_t find_name(std::string_view text, const std::string& name, size_t from);

  HashSearch hashes_;
  std::vector<std::string> names_;
};

struct ForgetPlan {
  std::vector<DocumentRow> documents;
  std::unordered_set<std::string> ids;
  /// Names that no other document's name contains: of the documents, of copies of their files that
  /// were left out (audit, stage "file"), and of archives that held nothing else.
  std::vector<std::string> names;
  /// Names that other documents bear too: what only they name cannot be told apart.
  std::vector<std::string> shared_names;
  /// Patterns in the manifest's settings that mean these documents and no other.
  std::set<std::string> patterns;
  /// All their answers are of the documents; or they have words of one of these and lead to its
  /// translations (cross-lingual, in a language that the rest of the family does not have).
  std::unordered_set<std::string> queries;
  int64_t queries_kept = 0;                                  ///< an answer is elsewhere too
  std::unordered_map<std::string, std::string> families;     ///< old name to new
  std::unordered_map<std::string, std::string> near_groups;  ///< the same; "" when one page is left

  bool is_forgotten(const std::string& document_id) const { return ids.count(document_id) != 0; }
  /// Whether the page is one of a forgotten document.
  bool is_forgotten_page(const std::string& page_id) const;
};

/// Reads all tables but the images.
ForgetPlan plan_forgetting(const Dataset& dataset, std::vector<DocumentRow> documents);

}  // namespace recto
