#pragma once
// A page being drawn, and the words on it. Lengths are points (1/72 inch); x runs from the left and
// y from the top, unlike in the PDF that comes of it.

#include <string>
#include <string_view>
#include <vector>

#include "page/pdf_writer.h"
#include "page/reader.h"

namespace recto {

/// Parts of red, green and blue, each from 0 to 1.
struct InkColor {
  double red = 0, green = 0, blue = 0;
};

/// How letters look.
struct TextFormat {
  PdfFont* font = nullptr;
  double size = 10;
  double tracking = 0;  ///< added after each character
  double line_height = 12;
  InkColor ink;
};

/// Words side by side, ready to be drawn.
struct TextLine {
  std::vector<std::string> words;
  double width = 0;  ///< with single spaces
};

/// The width of `word` in `format`, in points.
double width_of(const TextFormat& format, std::string_view word);
/// The width of a space.
double space_of(const TextFormat& format);

class PageCanvas {
 public:
  PageCanvas(double width, double height) : width_(width), height_(height) {}

  double width() const { return width_; }
  double height() const { return height_; }
  void fill(double x, double y, double width, double height, const InkColor& color);
  /// Draws `line` with its left end at x and its baseline at y; each space is wider by `stretch`.
  /// The words must have been claimed of the font.
  void write(const TextLine& line, const TextFormat& format, double x, double y,
             double stretch = 0);

  const std::string& content() const { return content_; }
  /// What was written, in order; boxes are from ascent to descent of the font.
  std::vector<Word>& words() { return words_; }

 private:
  void remember(const std::string& word, const TextFormat& format, double x, double y,
                double width);

  double width_, height_;
  std::string content_;
  std::vector<Word> words_;
};

}  // namespace recto
