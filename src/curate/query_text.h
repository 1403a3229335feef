#pragma once
// A query as the rules look at it: in plain signs, and cut into words that know what stands
// between them.

#include <string>
#include <string_view>
#include <vector>

namespace recto {

/// `text` with full-width forms as ASCII, every kind of space as " " and of dash as "-", and
/// without invisible characters, so that "１２ – ３" reads "12 - 3".
std::string in_plain_signs(std::string_view text);

/// A maximal run of letters and digits.
struct QueryWord {
  std::string_view text;    ///< in the text that was cut
  std::string_view before;  ///< what stands between it and the word before
};

/// The words of `text`, which must outlive the result.
std::vector<QueryWord> query_words(std::string_view text);

}  // namespace recto
