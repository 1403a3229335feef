#pragma once
// The name of a page: that of its document, and its number.

#include <optional>
#include <string>

namespace recto {

struct PageId {
  std::string document_id;  ///< 64 hexadecimal digits
  int page_number = 0;      ///< from 1
};

/// document_id + "-" + page_number.
std::string make_page_id(const std::string& document_id, int page_number);

/// Nothing for what is not 64 lower-case hexadecimal digits, "-" and a number from 1 without
/// leading zeros.
std::optional<PageId> parse_page_id(const std::string& text);

}  // namespace recto
