#include "curate/document_headings.h"

#include <algorithm>

#include "curate/text_lines.h"

namespace recto {

namespace {

/// A heading on a page takes no more lines.
constexpr size_t kMaxLines = 3;

bool is_ascii(const std::string& text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
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
      const std::string stripped = strip_numbering(spell_out_ligatures(spelling));
      if (text.fold(stripped).joined() != heading.folded) continue;
      if (is_ascii(stripped) || is_in_capitals(stripped) || has_loose_accents(stripped)) continue;
      return stripped;
    }
  }
  return "";
}

}  // namespace

std::vector<Heading> headings_of(DocumentText& text, Audit& audit) {
  const CuratedDocument& document = text.document();
  const PageWords words = [&](int number) -> const FoldedText& { return text.folded(number); };
  std::vector<Heading> headings =
      find_headings(document.document_id, document.outline, document.page_count, text.tokenizer(),
                    words, audit, ShortHeadings::kKeep);
  for (Heading& heading : headings) {
    if (!is_ascii(heading.query)) continue;
    if (std::string spelling = page_spelling(text, heading); !spelling.empty()) {
      heading.query = std::move(spelling);
    }
  }
  return headings;
}

}  // namespace recto
