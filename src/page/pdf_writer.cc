#include "page/pdf_writer.h"

#include <fmt/format.h>
#include <zlib.h>

#include <cctype>
#include <utility>

#include "base/error.h"
#include "base/utf8.h"

namespace recto {
namespace {

// Numbers of the first objects.
constexpr int kCatalog = 1, kPages = 2, kInformation = 3;
constexpr size_t kMappingsOfABlock = 100;  // the format's limit

std::string deflated(std::string_view content) {
  uLongf size = compressBound(content.size());
  std::string out(size, '\0');
  RECTO_CHECK(compress2(reinterpret_cast<Bytef*>(out.data()), &size,
                        reinterpret_cast<const Bytef*>(content.data()), content.size(), 6) == Z_OK);
  out.resize(size);
  return out;
}

std::string stream(const std::string& bytes, const std::string& entries) {
  return fmt::format("<< /Length {} /Filter /FlateDecode {} >>\nstream\n", bytes.size(), entries) +
         bytes + "\nendstream";
}

/// Letters and digits: a name that needs no escapes.
std::string plain_name(const std::string& text) {
  std::string name;
  for (const unsigned char c : text) {
    if (std::isalnum(c) != 0 && c < 0x80) name += static_cast<char>(c);
  }
  return name.empty() ? "Font" : name;
}

std::string base_font(const FontFace& face) {
  return plain_name(face.family) + (face.bold || face.italic ? "-" : "") +
         (face.bold ? "Bold" : "") + (face.italic ? "Italic" : "");
}

/// A text as UTF-16BE in hexadecimal digits.
std::string text_string(const std::string& text) {
  std::string digits = "FEFF";
  for (size_t at = 0; at < text.size();) {
    const char32_t code = decode_utf8(text, at);
    digits += fmt::format("{:04X}", code <= 0xFFFF ? static_cast<unsigned>(code) : 0xFFFDU);
  }
  return "<" + digits + ">";
}

std::string widths(const PdfFont& font) {
  std::string list;
  for (const auto& [glyph, code] : font.used()) {
    list += fmt::format("{} [{:.2f}] ", glyph, font.face().advance(glyph) * 1000);
  }
  return list;
}

/// The CMap by which readers find the characters of glyphs.
std::string to_unicode(const PdfFont& font) {
  std::string map =
      "/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n"
      "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
      "/CMapName /Adobe-Identity-UCS def /CMapType 2 def\n"
      "1 begincodespacerange <0000> <FFFF> endcodespacerange\n";
  size_t left = font.used().size(), in_block = 0;
  for (const auto& [glyph, code] : font.used()) {
    if (in_block == 0) map += fmt::format("{} beginbfchar\n", std::min(left, kMappingsOfABlock));
    map += fmt::format("<{:04X}> <{:04X}>\n", glyph, static_cast<unsigned>(code));
    --left;
    in_block = (in_block + 1) % kMappingsOfABlock;
    if (in_block == 0 || left == 0) map += "endbfchar\n";
  }
  return map + "endcmap CMapName currentdict /CMap defineresource pop end end\n";
}

std::string descriptor(const FontFace& face, int file) {
  const auto units = [&](int length) { return length * 1000 / face.units_per_em; };
  constexpr int kSymbolic = 4, kItalic = 64;
  return fmt::format(
      "<< /Type /FontDescriptor /FontName /{} /Flags {} /FontBBox [{} {} {} {}] /ItalicAngle {} "
      "/Ascent {} /Descent {} /CapHeight {} /StemV {} /{} {} 0 R >>",
      base_font(face), kSymbolic | (face.italic ? kItalic : 0), units(face.bounds[0]),
      units(face.bounds[1]), units(face.bounds[2]), units(face.bounds[3]), face.italic ? -12 : 0,
      units(face.ascent), units(face.descent), units(face.ascent), face.bold ? 140 : 80,
      face.compact ? "FontFile3" : "FontFile2", file);
}

}  // namespace

bool PdfFont::claim(std::string_view text) {
  std::map<uint16_t, char32_t> wanted{{face_.glyph(' '), ' '}};  // between words
  for (size_t at = 0; at < text.size();) {
    const char32_t code = decode_utf8(text, at);
    const uint16_t glyph = face_.glyph(code);
    const auto known = used_.find(glyph);
    if (glyph == 0 || (known != used_.end() && known->second != code)) return false;
    if (wanted.emplace(glyph, code).first->second != code) return false;
  }
  used_.merge(wanted);
  return true;
}

PdfFont& PdfWriter::font(const FontFace& face) {
  for (PdfFont& font : fonts_) {
    if (&font.face() == &face) return font;
  }
  return fonts_.emplace_back(face, fmt::format("F{}", fonts_.size() + 1));
}

void PdfWriter::add_page(double width, double height, std::string_view content) {
  pages_.push_back({width, height, deflated(content)});
}

int PdfWriter::add(std::string object) {
  objects_.push_back(std::move(object));
  return static_cast<int>(objects_.size());
}

int PdfWriter::add_stream(std::string_view content, const std::string& entries) {
  return add(stream(deflated(content), entries));
}

int PdfWriter::add_font(const PdfFont& font) {
  const FontFace& face = font.face();
  const int file =
      add_stream(face.bytes, face.compact ? std::string("/Subtype /OpenType")
                                          : fmt::format("/Length1 {}", face.bytes.size()));
  const int about = add(descriptor(face, file));
  const int glyphs = add(fmt::format(
      "<< /Type /Font /Subtype /{} /BaseFont /{} /CIDSystemInfo << /Registry (Adobe) /Ordering "
      "(Identity) /Supplement 0 >> /FontDescriptor {} 0 R {} /DW 1000 /W [{}] >>",
      face.compact ? "CIDFontType0" : "CIDFontType2", base_font(face), about,
      face.compact ? "" : "/CIDToGIDMap /Identity", widths(font)));
  const int unicode = add_stream(to_unicode(font), "");
  return add(fmt::format(
      "<< /Type /Font /Subtype /Type0 /BaseFont /{} /Encoding /Identity-H /DescendantFonts "
      "[{} 0 R] /ToUnicode {} 0 R >>",
      base_font(face), glyphs, unicode));
}

std::string PdfWriter::finish(const std::string& title) {
  objects_.assign(3, "");
  objects_[kCatalog - 1] = fmt::format("<< /Type /Catalog /Pages {} 0 R >>", kPages);
  objects_[kInformation - 1] = fmt::format("<< /Title {} /Producer (recto) >>", text_string(title));
  std::string fonts;
  for (const PdfFont& font : fonts_) {
    if (!font.used().empty()) fonts += fmt::format("/{} {} 0 R ", font.name(), add_font(font));
  }
  const int resources = add(fmt::format("<< /Font << {}>> >>", fonts));
  std::string kids;
  for (const Page& page : pages_) {
    const int content = add(stream(page.content, ""));
    kids += fmt::format(
        "{} 0 R ", add(fmt::format("<< /Type /Page /Parent {} 0 R /MediaBox [0 0 {:.2f} {:.2f}] "
                                   "/Resources {} 0 R /Contents {} 0 R >>",
                                   kPages, page.width, page.height, resources, content)));
  }
  objects_[kPages - 1] =
      fmt::format("<< /Type /Pages /Kids [{}] /Count {} >>", kids, pages_.size());

  std::string file = "%PDF-1.7\n%\xE2\xE3\xCF\xD3\n", table;
  for (size_t i = 0; i < objects_.size(); ++i) {
    table += fmt::format("{:010} 00000 n \n", file.size());
    file += fmt::format("{} 0 obj\n", i + 1) + objects_[i] + "\nendobj\n";
  }
  const size_t count = objects_.size() + 1, start = file.size();
  return file + fmt::format(
                    "xref\n0 {}\n0000000000 65535 f \n{}trailer\n<< /Size {} /Root {} 0 R /Info {} "
                    "0 R >>\nstartxref\n{}\n%%EOF\n",
                    count, table, count, kCatalog, kInformation, start);
}

}  // namespace recto
