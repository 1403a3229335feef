#pragma once
// Headings that a translation left as they were, over a text that it translated, and the reverse.

#include <cstddef>
#include <string_view>

namespace recto {

/// Lines of an answer that tell its language.
inline constexpr size_t kLanguageLines = 12;

/// The reason in audit rows.
inline constexpr const char* kOtherLanguage = "in another language than its answer";

/// True when both languages are told (CLD2; of three words or four it tells little, and of code
/// nothing) and are not the same.
bool is_in_other_language(std::string_view query, std::string_view answer);

}  // namespace recto
