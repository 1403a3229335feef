#pragma once
// HTML files that load nothing and run nothing but their own script.

#include <cstdint>
#include <string>
#include <string_view>

namespace recto {

/// `text` as the content of an element or of a quoted attribute. What no HTML may hold, such as
/// control characters and ill-formed UTF-8, becomes U+FFFD.
std::string html_escaped(std::string_view text);

/// 1,234,567
std::string grouped_number(int64_t number);

/// The file up to the end of its head. A content security policy allows pictures in data: URLs,
/// this `style` and this `script` by their hashes, and nothing else; the script is to stand in the
/// body. `title` is escaped here.
std::string html_head(std::string_view title, std::string_view style, std::string_view script);

}  // namespace recto
