#include <algorithm>
#include <cctype>
#include <string>
#include <vector>

#include "curate/families.h"
#include "curate/generator_context.h"
#include "curate/headings.h"
#include "curate/loose_accents.h"
#include "curate/text_lines.h"

namespace recto {

namespace {

/// A title page has no more words, and a title no more bytes and words.
constexpr int kMaxTitlePageWords = 160;
/// One of several lines and so few words is a title page though the outline begins with its title.
constexpr int kHandfulOfWords = 40;
constexpr size_t kMaxTitleBytes = 90;
constexpr size_t kMaxTitleWords = 12;
/// A title of fewer words may go on in the next line.
constexpr size_t kWholeTitleWords = 5;
constexpr size_t kShortPercent = 60;

/// A file's name, a program's leftovers or a mark of TeX rather than words.
bool is_machine_made(const std::string& title) {
  for (const char* sign : {"\\", "_", "@", "://", "www.", "®", "©"}) {
    if (title.find(sign) != std::string::npos) return true;
  }
  const size_t dot = title.rfind('.');
  return title.find(' ') == std::string::npos && dot != std::string::npos &&
         title.size() - dot <= 6 && dot + 2 < title.size();
}

/// A title goes on in the next line when that begins small, or when it ends in a short word written
/// small: an article or preposition.
bool goes_on(const std::string& line, const std::string& next) {
  const std::string last = line.substr(line.rfind(' ') + 1);
  const bool joins = last.size() <= 4 && lower_case(last) == last &&
                     std::isalpha(static_cast<unsigned char>(last.front())) != 0;
  const bool small = std::islower(static_cast<unsigned char>(next.front())) != 0;
  return joins || small;
}

/// The text begins on the first page: it has several headings, or begins with one and has more than
/// a handful of words.
bool is_text_page(const CuratedDocument& document, const FoldedText& first_line, bool handful) {
  int headings = 0;
  for (const OutlineEntry& entry : document.outline) {
    if (entry.page != 1) continue;
    ++headings;
    if (handful) continue;
    WordTokenizer tokenizer;
    if (FoldedText(tokenizer, strip_numbering(entry.title)).joined() == first_line.joined()) {
      return true;
    }
  }
  return headings > 1;
}

/// A page of few words, or one that begins with a block of short lines: title, authors, date.
bool begins_with_title(const CuratedPage& page, const std::vector<std::string>& lines) {
  if (page.words <= kMaxTitlePageWords) return true;
  return lines.size() > 1 && lines[1].size() * 100 < long_line(lines) * kShortPercent;
}

/// "" when the first page shows no title.
std::string printed_title(const CuratedDocument& document) {
  const CuratedPage* page = document.page(1);
  if (page == nullptr) return "";
  const std::vector<std::string> lines = split_lines(page->text);
  if (lines.empty() || !begins_with_title(*page, lines)) return "";
  WordTokenizer tokenizer;
  std::string line = lines.front();
  for (size_t i = 1; i < lines.size() && tokenizer.words(line).size() < kWholeTitleWords; ++i) {
    if (!goes_on(line, lines[i])) break;
    line += ' ' + lines[i];
  }
  const bool handful = page->words <= kHandfulOfWords && lines.size() > 2;
  if (is_text_page(document, FoldedText(tokenizer, line), handful)) return "";
  const std::string first = line.substr(0, line.find(' '));
  const bool fits = line.size() <= kMaxTitleBytes && lower_case(first) != first &&
                    strip_numbering(line).size() == line.size() && !is_question(line) &&
                    !line.ends_with('.') && !has_loose_accents(line) && !is_machine_made(line) &&
                    tokenizer.words(line).size() <= kMaxTitleWords;
  return fits && !title_key(line).empty() ? fold_spaces(line) : "";
}

}  // namespace

std::string work_title(const CuratedDocument& document) {
  if (!document.source.title.empty()) return fold_spaces(document.source.title);
  std::string title = fold_spaces(document.title);
  if (!title_key(title).empty() && !is_machine_made(title)) return title;
  return printed_title(document);
}

}  // namespace recto
