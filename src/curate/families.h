#pragma once
// Families: documents that say the same in other words, languages or editions. A family is wholly
// in one split.

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace recto {

/// What a document is known by.
struct FamilyMember {
  std::string document_id;
  std::filesystem::path path;
  std::string title;
  bool is_image = false;
};

/// The file name in lower case without ending and language ("Debian-FAQ.pt-br.pdf" ->
/// "debian-faq"). A name that many works have ("manual.de.pdf") comes with its directory's, also
/// without language ("gimp-help/manual").
std::string name_key(const std::filesystem::path& path);

/// The title in lower case, white space folded; "" for one that says nothing ("untitled",
/// "Document1", fewer than 6 letters).
std::string title_key(std::string_view title);

/// Joins items and finds which ones hang together.
class UnionFind {
 public:
  explicit UnionFind(size_t count);
  size_t root(size_t item);
  void join(size_t a, size_t b);

 private:
  std::vector<size_t> parent_;
};

/// The family of each member: connected components over equal name keys, equal title keys, image
/// files of one folder (the pages of one work), and the pairs of `links` (near-duplicates,
/// translations found elsewhere). Named by family_name() (data/group_names.h), whatever the order
/// of members is.
std::vector<std::string> find_families(const std::vector<FamilyMember>& members,
                                       const std::vector<std::pair<size_t, size_t>>& links = {});

}  // namespace recto
