#include <algorithm>
#include <array>
#include <cctype>
#include <span>

#include "curate/captions.h"
#include "curate/headings.h"
#include "curate/text_lines.h"

namespace recto {

namespace {

constexpr auto kFigureWords = std::to_array<std::string_view>(
    {"figure", "fig.", "abbildung", "abb.", "figura", "ilustración", "ilustracja", "illustration",
     "afbeelding", "figuur", "rysunek", "rys.", "рисунок", "рис.", "图", "圖", "図", "fig",
     "gráfico"});
constexpr auto kTableWords = std::to_array<std::string_view>(
    {"table", "tab.", "tabelle", "tableau", "tabla", "cuadro", "tabella", "tavola", "tabela",
     "quadro", "tabel", "tablica", "таблица", "табл.", "表"});

constexpr size_t kMaxNumberBytes = 12;

bool is_ascii_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_ascii_digit(char c) { return c >= '0' && c <= '9'; }

/// Takes the longest word that labels off the front; false when there is none, or when it is
/// written small ("table 3 shows").
bool take_word(std::string_view& line, CaptionKind kind) {
  const std::span<const std::string_view> words =
      kind == CaptionKind::kFigure ? std::span<const std::string_view>(kFigureWords)
                                   : std::span<const std::string_view>(kTableWords);
  constexpr size_t kMaxWordBytes = 40;
  const std::string small = lower_case(line.substr(0, kMaxWordBytes));
  size_t longest = 0;
  for (const std::string_view word : words) {
    if (small.starts_with(word)) longest = std::max(longest, word.size());
  }
  // Lowering keeps the length of these words, and a first byte that changed was a capital; of
  // two-byte letters the second one changes.
  const bool east_asian = longest == 3 && static_cast<unsigned char>(line[0]) >= 0xE2;
  if (longest == 0) return false;
  if (!east_asian && line.substr(0, 2) == std::string_view(small).substr(0, 2)) return false;
  line.remove_prefix(longest);
  return true;
}

/// "3", "3.1", "A.2", "2-7", "IV"; ends before a full stop that no digit follows.
std::string take_number(std::string_view& line) {
  while (!line.empty() && line.front() == ' ') line.remove_prefix(1);
  size_t end = 0;
  bool digits = false;
  while (end < line.size() && end < kMaxNumberBytes) {
    const char c = line[end];
    const bool joins =
        (c == '.' || c == '-') && end > 0 && end + 1 < line.size() && is_ascii_digit(line[end + 1]);
    if (!is_ascii_digit(c) && !is_ascii_upper(c) && !joins) break;
    digits = digits || is_ascii_digit(c);
    ++end;
  }
  std::string number(line.substr(0, end));
  const bool roman = !number.empty() && number.find_first_not_of("IVXLC") == std::string::npos;
  // A letter behind it makes it part of a word.
  const bool cut = end < line.size() && std::isalpha(static_cast<unsigned char>(line[end])) != 0;
  if (cut || !(digits || roman)) return "";
  line.remove_prefix(end);
  return number;
}

bool take_any(std::string_view& line, std::initializer_list<std::string_view> marks) {
  for (const std::string_view mark : marks) {
    if (!line.starts_with(mark)) continue;
    line.remove_prefix(mark.size());
    return true;
  }
  return false;
}

}  // namespace

CaptionLabel parse_caption_label(std::string_view line, CaptionKind kind) {
  CaptionLabel label;
  if (!take_word(line, kind)) return label;
  const std::string number = take_number(line);
  if (number.empty()) return label;
  label.dotted = take_any(line, {"."});
  label.clear = take_any(line, {":", "：", " :", " – ", " — ", " - ", "–", "—", " |", ")"});
  if (!line.empty() && !label.clear && !label.dotted && line.front() != ' ' &&
      static_cast<unsigned char>(line.front()) < 0x80) {
    return label;  // "Figure 3, which", "Figure 3's"
  }
  label.text = fold_spaces(line);
  label.number = number;
  return label;
}

}  // namespace recto
