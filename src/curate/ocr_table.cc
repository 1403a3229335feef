#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "base/utf8.h"
#include "curate/ocr.h"

namespace recto {
namespace {

constexpr double kMinConfidence = 30;  // of 100

/// One word of the table, in pixels.
struct Row {
  int block = 0, paragraph = 0, line = 0;
  int left = 0, top = 0, width = 0, height = 0;
  double confidence = 0;
  std::string text;
};

template <typename T>
bool parse(std::string_view field, T& value) {
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
  return error == std::errc() && end == field.data() + field.size();
}

/// "level page block paragraph line word left top width height confidence text", by tabs.
bool parse_row(std::string_view line, Row& row) {
  std::array<std::string_view, 12> fields;
  for (size_t i = 0; i < fields.size(); ++i) {
    const size_t end = i + 1 == fields.size() ? line.size() : line.find('\t');
    if (end == std::string_view::npos) return false;
    fields[i] = line.substr(0, end);
    line.remove_prefix(std::min(line.size(), end + 1));
  }
  constexpr std::string_view kWordLevel = "5";
  if (fields[0] != kWordLevel) return false;
  row.text = replace_invalid_utf8(fields[11]);
  return parse(fields[2], row.block) && parse(fields[3], row.paragraph) &&
         parse(fields[4], row.line) && parse(fields[6], row.left) && parse(fields[7], row.top) &&
         parse(fields[8], row.width) && parse(fields[9], row.height) &&
         parse(fields[10], row.confidence);
}

bool is_word(const Row& row) {
  return row.confidence >= kMinConfidence && row.width > 0 && row.height > 0 &&
         row.text.find_first_not_of(" \t\r\f\v") != std::string::npos;
}

float fraction(int64_t pixels, int size) {
  return std::clamp(static_cast<float>(static_cast<double>(pixels) / size), 0.0F, 1.0F);
}

/// Scripts that are written without spaces come as words, divided only for Tesseract's sake.
bool is_ideograph(char32_t code) {
  return (code >= 0x2E80 && code <= 0x9FFF) || (code >= 0xF900 && code <= 0xFAFF) ||
         (code >= 0xFF00 && code <= 0xFFEF) || (code >= 0x20000 && code <= 0x3FFFF);
}

char32_t first_code(std::string_view text) {
  size_t at = 0;
  return text.empty() ? 0 : decode_utf8(text, at);
}

char32_t last_code(std::string_view text) {
  size_t begin = text.empty() ? 0 : text.size() - 1;
  while (begin > 0 && (static_cast<uint8_t>(text[begin]) & 0xC0) == 0x80) --begin;
  return first_code(text.substr(begin));
}

bool is_lower(char32_t code) {
  return (code >= 'a' && code <= 'z') || (code >= 0xDF && code <= 0xFF && code != 0xF7) ||
         (code >= 0x430 && code <= 0x45F) || (code >= 0x3AC && code <= 0x3CE);
}

/// What stands between two words; a hyphen that divides a word is taken off the text.
void join(std::string& text, const std::string& next, bool same_line, bool same_paragraph) {
  if (text.empty()) return;
  const bool divided = !same_line && same_paragraph && text.size() >= 2 && text.back() == '-' &&
                       is_lower(first_code(next)) &&
                       is_lower(last_code(std::string_view(text).substr(0, text.size() - 1)));
  if (divided) {
    text.pop_back();
  } else if (!same_line) {
    text += '\n';
  } else if (!is_ideograph(last_code(text)) || !is_ideograph(first_code(next))) {
    text += ' ';
  }
}

}  // namespace

PageText parse_ocr_table(std::string_view table, int width, int height) {
  PageText out;
  Row previous;
  while (!table.empty()) {
    const size_t end = std::min(table.find('\n'), table.size());
    Row row;
    const bool good = parse_row(table.substr(0, end), row) && is_word(row);
    table.remove_prefix(std::min(table.size(), end + 1));
    if (!good) continue;
    const bool same_paragraph = row.block == previous.block && row.paragraph == previous.paragraph;
    join(out.text, row.text, same_paragraph && row.line == previous.line, same_paragraph);
    out.text += row.text;
    out.words.push_back({row.text, fraction(row.left, width), fraction(row.top, height),
                         fraction(int64_t{row.left} + row.width, width),
                         fraction(int64_t{row.top} + row.height, height)});
    previous = std::move(row);
  }
  return out;
}

}  // namespace recto
