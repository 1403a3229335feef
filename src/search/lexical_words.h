#pragma once
// Words for lexical ranking, also of scripts that are written without spaces.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "search/word_tokenizer.h"

namespace recto {

/// True for a character of a script that puts no spaces between words (Chinese, Japanese, Thai,
/// Lao, Khmer, Burmese) and for hangul, whose particles cling to their words.
bool is_unspaced_script(char32_t code_point);

/// The words of `text` as WordTokenizer cuts them, but each run of unspaced script in them as its
/// overlapping pairs of characters (a single character as itself), which find what whole runs do
/// not: "東京都庁" gives "東京", "京都", "都庁". Goes on until `take` returns false.
void for_each_lexical_word(WordTokenizer& tokenizer, std::string_view text,
                           const std::function<bool(std::string_view word)>& take);

/// The same in a list.
std::vector<std::string> lexical_words(WordTokenizer& tokenizer, std::string_view text);

}  // namespace recto
