#include "curate/text_lines.h"

#include <algorithm>
#include <array>

#include "base/utf8.h"

namespace recto {

namespace {

constexpr size_t kMaxLabelDigits = 5;
constexpr size_t kMaxLabelRomans = 8;
constexpr int kLeaderDots = 3;
constexpr std::ptrdiff_t kLongLinePercentile = 90;
/// From here on (radicals, kana, ideographs, hangul) scripts have no capitals.
constexpr char32_t kFirstEastAsian = 0x2E80;

bool is_ascii_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_ascii_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_ascii_space(text.back())) text.remove_suffix(1);
  return text;
}

/// Where the label at the end of a line begins, or the line's size.
size_t label_start(std::string_view line) {
  size_t digits = line.size();
  while (digits > 0 && is_digit(line[digits - 1])) --digits;
  if (digits < line.size()) return line.size() - digits <= kMaxLabelDigits ? digits : line.size();
  size_t romans = line.size();
  while (romans > 0 && std::string_view("ivxlc").find(line[romans - 1]) != line.npos) --romans;
  return line.size() - romans <= kMaxLabelRomans ? romans : line.size();
}

/// Takes a leader off the end: ". . . .", "......", "…", "· · ·". Returns its dots.
int strip_leader(std::string_view& text) {
  int dots = 0;
  while (!text.empty()) {
    if (is_ascii_space(text.back())) {
      text.remove_suffix(1);
    } else if (text.back() == '.') {
      ++dots;
      text.remove_suffix(1);
    } else if (text.ends_with("…")) {
      dots += kLeaderDots;
      text.remove_suffix(std::string_view("…").size());
    } else if (text.ends_with("·")) {
      ++dots;
      text.remove_suffix(std::string_view("·").size());
    } else {
      break;
    }
  }
  return dots;
}

char32_t lower(char32_t c) {
  if ((c >= U'A' && c <= U'Z') || (c >= 0xC0 && c <= 0xDE && c != 0xD7)) return c + 0x20;
  if ((c >= 0x391 && c <= 0x3A9) || (c >= 0x410 && c <= 0x42F)) return c + 0x20;
  if (c >= 0x400 && c <= 0x40F) return c + 0x50;
  // Latin Extended-A: pairs, the even one being the capital, but from U+0139 to U+0148 and from
  // U+0179 to U+017E the odd one.
  const bool odd = (c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17E);
  if (c >= 0x100 && c <= 0x17E && c != 0x138 && c != 0x149 && c != 0x178) {
    return (c % 2 == 1) == odd ? c + 1 : c;
  }
  return c;
}

constexpr auto kClosers =
    std::to_array<std::string_view>({"\"", "'", ")", "]", "”", "’", "»", "」", "）"});

/// Without quotation marks and parentheses that close at the end.
std::string_view without_closers(std::string_view text) {
  text = trim(text);
  for (bool again = true; again;) {
    again = false;
    for (const std::string_view closer : kClosers) {
      if (!text.ends_with(closer)) continue;
      text = trim(text.substr(0, text.size() - closer.size()));
      again = true;
    }
  }
  return text;
}

}  // namespace

std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trim(text.substr(0, end));
    if (!line.empty()) lines.emplace_back(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

size_t long_line(const std::vector<std::string>& lines) {
  std::vector<size_t> sizes;
  sizes.reserve(lines.size());
  for (const std::string& line : lines) sizes.push_back(line.size());
  if (sizes.empty()) return 0;
  const auto place = sizes.begin() + std::ssize(sizes) * kLongLinePercentile / 100;
  std::nth_element(sizes.begin(), place, sizes.end());
  return *place;
}

std::string fold_spaces(std::string_view text) {
  std::string out;
  for (const char c : trim(text)) {
    if (!is_ascii_space(c)) {
      out += c;
    } else if (out.back() != ' ') {
      out += ' ';
    }
  }
  return out;
}

std::string lower_case(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) append_utf8(out, lower(decode_utf8(text, at)));
  return out;
}

ContentsLine parse_contents_line(std::string_view line) {
  line = trim(line);
  const size_t start = label_start(line);
  ContentsLine parsed;
  std::string_view text = line.substr(0, start);
  const bool apart = text.empty() || is_ascii_space(text.back()) || text.back() == '.' ||
                     text.ends_with("…") || text.ends_with("·");
  if (start < line.size() && apart) {
    parsed.leader = strip_leader(text) >= kLeaderDots;
    parsed.label = line.substr(start);
  }
  parsed.text = fold_spaces(parsed.label.empty() ? line : text);
  return parsed;
}

int64_t count_contents_lines(const std::vector<std::string>& lines) {
  return std::count_if(lines.begin(), lines.end(), [](const std::string& line) {
    return !parse_contents_line(line).label.empty();
  });
}

bool ends_sentence(std::string_view text) {
  text = without_closers(text);
  for (const std::string_view end : {".", "!", "?", ":", "…", "。", "！", "？", "：", "؟"}) {
    if (text.ends_with(end)) return true;
  }
  return false;
}

bool begins_sentence(std::string_view text) {
  text = trim(text);
  for (const std::string_view opener : {"\"", "'", "(", "“", "„", "«", "»", "‘", "「", "`"}) {
    if (text.starts_with(opener)) text = trim(text.substr(opener.size()));
  }
  if (text.empty()) return false;
  size_t at = 0;
  const char32_t c = decode_utf8(text, at);
  return c == U'¿' || c >= kFirstEastAsian || lower(c) != c;
}

bool ends_in_question_mark(std::string_view text) {
  text = trim(text);
  // "(echography?)" doubts; "(Why so?)" asks.
  if (!text.ends_with(')') || text.starts_with('(')) text = without_closers(text);
  return text.ends_with("?") || text.ends_with("？") || text.ends_with("؟");
}

}  // namespace recto
