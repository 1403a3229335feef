#pragma once
// Comma-separated values as RFC 4180 has them.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace recto {

struct CsvRow {
  int64_t line = 0;  ///< where it starts, from 1
  std::vector<std::string> fields;
};

/// Every row of `text`, which is UTF-8, with or without a byte order mark; lines end in \n or
/// \r\n. A field in double quotes may hold commas, line ends and doubled quotes. Empty lines are
/// passed over. Throws Error(kBadInput) naming `where` and the line for text that is not UTF-8, a
/// quote that stands inside a field or is never closed, and a NUL.
std::vector<CsvRow> parse_csv(std::string_view text, const std::string& where);

}  // namespace recto
