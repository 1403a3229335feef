#include "data/page_id.h"

#include <charconv>

namespace recto {

std::string make_page_id(const std::string& document_id, int page_number) {
  return document_id + "-" + std::to_string(page_number);
}

std::optional<PageId> parse_page_id(const std::string& text) {
  constexpr size_t kHash = 64;
  if (text.size() < kHash + 2 || text[kHash] != '-' || text[kHash + 1] == '0') return std::nullopt;
  if (text.find_first_not_of("0123456789abcdef") != kHash) return std::nullopt;
  PageId id{text.substr(0, kHash), 0};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + kHash + 1, end, id.page_number);
  if (error != std::errc() || stop != end || id.page_number < 1) return std::nullopt;
  return id;
}

}  // namespace recto
