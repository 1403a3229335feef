#pragma once
// Text without what differs between a heading in an outline and the same heading on its page:
// case, accents, white space, punctuation, ligatures.

#include <string>
#include <string_view>
#include <vector>

#include "search/word_tokenizer.h"

namespace recto {

class FoldedText {
 public:
  FoldedText() = default;
  FoldedText(WordTokenizer& tokenizer, std::string_view text);

  /// The words without anything between them.
  const std::string& joined() const { return joined_; }
  size_t words() const { return starts_.size(); }
  /// Words of four characters or more that say something (not is_function_word()).
  size_t long_words() const;
  bool empty() const { return joined_.empty(); }

  /// True when the words of `part` stand in this text one after another. They may be spaced
  /// differently ("Time table", "Timetable"), but begin and end where words do.
  bool contains(const FoldedText& part) const;

  /// Letters, a Chinese, Japanese or Korean character counted as three of them (about what it
  /// says); digits are none.
  int letters() const;

 private:
  bool is_boundary(size_t at) const;

  std::string joined_;
  std::vector<size_t> starts_;  ///< where words begin in joined_, ascending
};

/// "ﬁ" as "fi" and so on (U+FB00..U+FB06), and without soft hyphens and the U+FFFE that stands for
/// one at the end of a line.
std::string spell_out_ligatures(std::string_view text);

}  // namespace recto
