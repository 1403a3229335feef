#pragma once
// Added tokens: texts that are cut out before byte-pair encoding and have ids of their own.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/json.h"

namespace recto {

/// One entry of the field "added_tokens".
struct AddedToken {
  int32_t id = 0;
  std::string content;
  bool special = false;      ///< left out by decode(skip_special)
  bool normalized = false;   ///< looked for after all tokens that are not
  bool single_word = false;  ///< only where no word character stands beside it
  bool lstrip = false;       ///< takes the white space before it along
  bool rstrip = false;       ///< takes the white space after it along
};

/// A part of a text: an added token, or ordinary text (id -1).
struct TextPart {
  size_t begin = 0;
  size_t end = 0;
  int32_t id = -1;
};

/// The added tokens of a tokenizer, found in text as Hugging Face's AddedVocabulary finds them.
class AddedTokens {
 public:
  /// Looks up an id of the vocabulary by a token's text.
  using Find = std::function<std::optional<int32_t>(std::string_view)>;

  AddedTokens() = default;
  AddedTokens(AddedTokens&&) = default;
  AddedTokens& operator=(AddedTokens&&) = default;

  /// Reads the field "added_tokens". Hugging Face numbers tokens outside the vocabulary
  /// consecutively from `vocabulary_size`; a file that says something else is Error(kBadInput).
  static AddedTokens parse(const Json& json, const Find& find_in_vocabulary,
                           int32_t vocabulary_size, const std::string& where);

  /// The parts of `text` in order; they cover all of it. No added token is found that overlaps the
  /// bytes [ordinary_begin, ordinary_end).
  std::vector<TextPart> split(std::string_view text, size_t ordinary_begin,
                              size_t ordinary_end) const;

  /// The token of that id or text, or nullptr.
  const AddedToken* find(int32_t id) const;
  const AddedToken* find(std::string_view content) const;
  /// Whether one of them is looked for in normalized text.
  bool any_normalized() const { return !normalized_.by_content.empty(); }
  /// One above the largest id, 0 without tokens.
  int32_t id_limit() const { return id_limit_; }

 private:
  // The tokens of one pass. To find the longest that starts at a position, the lengths that occur
  // for its first byte are tried from the longest on.
  struct Pass {
    std::unordered_map<std::string_view, size_t> by_content;
    std::vector<std::vector<size_t>> lengths = std::vector<std::vector<size_t>>(256);
  };
  struct Range {
    size_t begin, end;
  };

  void index();
  const AddedToken* longest_at(const Pass& pass, std::string_view text, size_t position,
                               Range ordinary) const;
  void split_part(const Pass& pass, std::string_view text, Range part, Range ordinary,
                  std::vector<TextPart>& parts) const;

  std::vector<AddedToken> tokens_;
  std::unordered_map<int32_t, size_t> by_id_;
  Pass as_written_;  // normalized = false: looked for first
  Pass normalized_;  // looked for in what is left
  int32_t id_limit_ = 0;
};

}  // namespace recto
