#pragma once
// Cutting text into the pieces that byte-pair encoding works on.

#include <string_view>

#include "base/json.h"

namespace recto {

/// The pre-tokenizers of tokenizer.json that recto knows, in the order they are applied.
struct PreTokenizer {
  enum class Digits { kTogether, kRuns, kSingle };  ///< not cut off, cut off as runs, one by one
  Digits digits = Digits::kTogether;
  bool regex = false;  ///< GPT-2's: 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|
                       ///< \s+(?!\S)|\s+

  /// Reads the field "pre_tokenizer": ByteLevel without prefix space, alone or as the last of a
  /// Sequence after Digits and a Split by the regex above. Throws Error(kUnsupported) naming the
  /// field for anything else, Error(kBadInput) for what is ill-formed.
  static PreTokenizer parse(const Json& json, const std::string& where);

  /// Calls `piece`(string_view) for the pieces of `text` (well-formed UTF-8) in order. Joined, the
  /// pieces are `text`.
  template <typename Piece>
  void for_each(std::string_view text, Piece&& piece) const;
};

// ---- implementation

namespace internal {
/// End of the stretch that starts at `begin` and is cut off by Digits.
size_t digits_end(std::string_view text, size_t begin, PreTokenizer::Digits digits);
/// End of the regex match that starts at `begin`.
size_t regex_end(std::string_view text, size_t begin);
}  // namespace internal

template <typename Piece>
void PreTokenizer::for_each(std::string_view text, Piece&& piece) const {
  for (size_t begin = 0; begin < text.size();) {
    const size_t end =
        digits == Digits::kTogether ? text.size() : internal::digits_end(text, begin, digits);
    const std::string_view stretch = text.substr(0, end);
    while (begin < end) {
      const size_t stop = regex ? internal::regex_end(stretch, begin) : end;
      piece(stretch.substr(begin, stop - begin));
      begin = stop;
    }
  }
}

}  // namespace recto
