#pragma once
// PDFs of text in embedded fonts, rectangles and nothing else. What is drawn can be read back: each
// font says which character its glyphs stand for. The same calls give the same bytes.

#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "page/font_face.h"

namespace recto {

/// A face in one document, and the glyphs it uses. Each glyph stands for one character: the first
/// that it was claimed for.
class PdfFont {
 public:
  /// `face` must outlive the object.
  PdfFont(const FontFace& face, std::string name) : face_(face), name_(std::move(name)) {}

  const FontFace& face() const { return face_; }
  const std::string& name() const { return name_; }  ///< in the contents of pages: "F1"
  /// Whether `text` (valid UTF-8) can be written; if so its glyphs and the space are used from now
  /// on.
  bool claim(std::string_view text);
  const std::map<uint16_t, char32_t>& used() const { return used_; }

 private:
  const FontFace& face_;
  std::string name_;
  std::map<uint16_t, char32_t> used_;
};

/// A document under way.
class PdfWriter {
 public:
  /// The font for `face`, which must outlive the writer; the same one for the same face. The
  /// reference holds as long as the writer.
  PdfFont& font(const FontFace& face);
  /// Appends a page of width x height points whose content is `content` (PDF operators; the fonts
  /// are there under their names).
  void add_page(double width, double height, std::string_view content);
  /// The whole file. Fonts without a claimed glyph are left out. Call once.
  std::string finish(const std::string& title);

 private:
  struct Page {
    double width, height;
    std::string content;  ///< deflated
  };
  int add(std::string object);
  int add_stream(std::string_view content, const std::string& entries);
  int add_font(const PdfFont& font);

  std::deque<PdfFont> fonts_;
  std::vector<Page> pages_;
  std::vector<std::string> objects_;
};

}  // namespace recto
