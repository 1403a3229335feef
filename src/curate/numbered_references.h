#pragma once
// Numbers of figures, tables and pages: they mean nothing to whoever has not seen the page.

#include <string>
#include <string_view>

#include "search/word_tokenizer.h"

namespace recto {

/// The first reference such as "Figure 3", "Tab. 2.1", "page 12", "S. 12" or "図3" in `text`
/// (in_plain_signs), "" when there is none. Words of en, fr, de, es, it, pt, nl, pl, and of Chinese
/// and Japanese. Roman numerals count when they have two letters or more.
std::string numbered_reference(WordTokenizer& tokenizer, std::string_view text);

}  // namespace recto
