#pragma once
// Whether bytes of any kind mention one of many hashes.

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace recto {

/// Finds hexadecimal digits of ids by their first 16: whole SHA-256 hashes, page ids, and what is
/// named after the first 16 digits of one (families, near groups).
class HashSearch {
 public:
  static constexpr size_t kDigits = 16;

  /// `hashes` have at least 16 lower-case hexadecimal digits each.
  explicit HashSearch(const std::vector<std::string>& hashes);

  bool contains(std::string_view bytes) const { return count(bytes, 1) > 0; }
  /// How often one of the hashes is there, counted up to `most`.
  int64_t count(std::string_view bytes, int64_t most = INT64_MAX) const;
  /// `text` with every mention replaced, digits, "-" and letters around it included.
  std::string replaced(const std::string& text, const std::string& by) const;

 private:
  /// Place of the next hash from `from` on, npos when there is none.
  size_t find(std::string_view bytes, size_t from) const;

  std::unordered_set<uint64_t> prefixes_;
};

}  // namespace recto
