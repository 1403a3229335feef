#pragma once
// Words in the order of a text, broken into lines.

#include <string>
#include <vector>

#include "page/page_canvas.h"

namespace recto {

/// The words of a text one after the other, beginning again after the last.
class WordQueue {
 public:
  /// `words` must not be empty.
  explicit WordQueue(std::vector<std::string> words) : words_(std::move(words)) {}

  const std::string& front() const { return words_[next_]; }
  void pop() { next_ = (next_ + 1) % words_.size(); }

 private:
  std::vector<std::string> words_;
  size_t next_ = 0;
};

/// Takes words for one line of at most `width` points and `most` words. Words that the font cannot
/// write, or that are wider than a line, are left out. Empty when hardly a word can be written.
TextLine take_line(WordQueue& words, const TextFormat& format, double width, int most,
                   bool capitals = false);

/// `text` in capital letters, for the alphabets whose pairs of letters lie a fixed distance apart
/// (Latin with its accents, Greek, Cyrillic); other characters stay.
std::string capitals_of(std::string_view text);

/// The words of a text layer that are worth drawing. Left out are words without a letter or digit,
/// with a row of dots, with a hyphen at the end, with more than 30 characters, or with characters
/// that depend on their neighbours (right to left, Indic, combining and loose accents) or lie above
/// U+FFFF.
std::vector<std::string> drawable_words(std::string_view text);

}  // namespace recto
