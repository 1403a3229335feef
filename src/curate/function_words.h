#pragma once
// Words that say nothing by themselves: articles, prepositions, conjunctions.

#include <string_view>

namespace recto {

/// True for such a word of English, German, French, Spanish, Italian, Portuguese, Dutch or Polish,
/// in lower case, with its accents or without.
bool is_function_word(std::string_view word);

}  // namespace recto
