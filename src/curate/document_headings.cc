#include "curate/document_headings.h"

#include <algorithm>
#include <cctype>

#include "base/utf8.h"
#include "curate/loose_accents.h"

namespace recto {

namespace {

/// A heading on a page takes no more lines.
constexpr size_t kMaxLines = 3;

bool is_ascii(const std::string& text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

/// ". .. Tremolo", "✡ ✠ Tremolo": dots of the music above the heading, and what its font calls
/// notes.
bool begins_with_a_sign(const std::string& text) {
  constexpr char32_t kFirstSymbol = 0x2190;     // arrows, shapes, dingbats...
  constexpr char32_t kFirstEastAsian = 0x2E80;  // ...up to scripts
  size_t at = 0;
  const char32_t first = decode_utf8(text, at);
  return (first < 0x80 && std::ispunct(static_cast<int>(first)) != 0) ||
         (first >= kFirstSymbol && first < kFirstEastAsian);
}

bool is_in_capitals(const std::string& text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return c >= 'a' && c <= 'z'; });
}

/// The heading as lines of its page have it; "" where they do not, or no better.
std::string page_spelling(DocumentText& text, const Heading& heading) {
  const std::vector<std::string>& lines = text.lines(heading.page);
  for (size_t first = 0; first < lines.size(); ++first) {
    std::string spelling;
    for (size_t i = first; i < std::min(lines.size(), first + kMaxLines); ++i) {
      if (i > first) spelling += ' ';
      spelling += lines[i];
      if (spelling.size() > 2 * heading.query.size() + 16) break;
      if (is_ascii(spelling)) continue;
      const std::string stripped =
          lower_lifted_accents(join_loose_accents(strip_numbering(spell_out_ligatures(spelling))));
      if (stripped.empty() || text.fold(stripped).joined() != heading.folded) continue;
      if (begins_with_a_sign(stripped) && stripped.front() != heading.query.front()) continue;
      if (is_ascii(stripped) || is_in_capitals(stripped) || has_accent_marks(stripped)) continue;
      return stripped;
    }
  }
  return "";
}

/// 'B' for "B Files and folders", 0 for other titles.
char appendix_letter(const std::string& title) {
  return title.size() > 3 && title[0] >= 'A' && title[0] <= 'Z' && title[1] == ' ' ? title[0]
                                                                                   : '\0';
}

/// True for entry `i` of `outline` when the next or the last of its level, with none above between,
/// has the letter behind or before its own: "A Trip" alone begins with an article.
bool is_appendix(const std::vector<OutlineEntry>& outline, size_t i) {
  const char letter = appendix_letter(outline[i].title);
  if (letter == '\0') return false;
  const auto has = [&](size_t other, int wanted) {
    return outline[other].level == outline[i].level &&
           appendix_letter(outline[other].title) == wanted;
  };
  for (size_t next = i + 1; next < outline.size() && outline[next].level >= outline[i].level;
       ++next) {
    if (outline[next].level == outline[i].level) {
      if (has(next, letter + 1)) return true;
      break;
    }
  }
  for (size_t last = i; last > 0 && outline[last - 1].level >= outline[i].level; --last) {
    if (outline[last - 1].level == outline[i].level) return has(last - 1, letter - 1);
  }
  return false;
}

}  // namespace

std::vector<OutlineEntry> without_appendix_letters(const std::vector<OutlineEntry>& outline) {
  std::vector<OutlineEntry> entries = outline;
  for (size_t i = 0; i < outline.size(); ++i) {
    if (is_appendix(outline, i)) entries[i].title.erase(0, 2);
  }
  return entries;
}

std::vector<Heading> headings_of(DocumentText& text, Audit& audit) {
  const CuratedDocument& document = text.document();
  const PageWords words = [&](int number) -> const FoldedText& { return text.folded(number); };
  std::vector<Heading> headings =
      find_headings(document.document_id, without_appendix_letters(document.outline),
                    document.page_count, text.tokenizer(), words, audit, ShortHeadings::kKeep);
  for (Heading& heading : headings) {
    if (!is_ascii(heading.query)) continue;
    if (std::string spelling = page_spelling(text, heading); !spelling.empty()) {
      heading.query = std::move(spelling);
    }
  }
  return headings;
}

}  // namespace recto
