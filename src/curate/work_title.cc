#include <algorithm>
#include <cctype>
#include <string>
#include <vector>

#include "curate/families.h"
#include "curate/generator_context.h"
#include "curate/headings.h"
#include "curate/text_lines.h"

namespace recto {

namespace {

/// A title page has no more words, and a title no more bytes and words.
constexpr int kMaxTitlePageWords = 160;
constexpr size_t kMaxTitleBytes = 90;
constexpr size_t kMaxTitleWords = 12;
constexpr size_t kMaxTitleLines = 4;

/// A file's name, a program's leftovers or a mark of TeX rather than words.
bool is_machine_made(const std::string& title) {
  for (const char* sign : {"\\", "_", "@", "://", "®", "©"}) {
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

/// The text begins on the first page: it has several headings, or begins with one.
bool is_text_page(const CuratedDocument& document, const FoldedText& first_line) {
  int headings = 0;
  for (const OutlineEntry& entry : document.outline) {
    if (entry.page != 1) continue;
    ++headings;
    WordTokenizer tokenizer;
    if (FoldedText(tokenizer, strip_numbering(entry.title)).joined() == first_line.joined()) {
      return true;
    }
  }
  return headings > 1;
}

std::string first_line_of_title_page(const CuratedDocument& document) {
  const CuratedPage* page = document.page(1);
  if (page == nullptr || page->words > kMaxTitlePageWords) return "";
  const std::vector<std::string> lines = split_lines(page->text);
  if (lines.empty()) return "";
  std::string line = lines.front();
  for (size_t i = 1; i < std::min(lines.size(), kMaxTitleLines); ++i) {
    if (!goes_on(line, lines[i])) break;
    line += ' ' + lines[i];
  }
  WordTokenizer tokenizer;
  if (is_text_page(document, FoldedText(tokenizer, line))) return "";
  const bool fits = line.size() <= kMaxTitleBytes && begins_sentence(line) &&
                    !line.ends_with('.') && !has_loose_accents(line) && !is_machine_made(line) &&
                    tokenizer.words(line).size() <= kMaxTitleWords;
  return fits && !title_key(line).empty() ? fold_spaces(line) : "";
}

}  // namespace

std::string work_title(const CuratedDocument& document) {
  if (!document.source.title.empty()) return fold_spaces(document.source.title);
  std::string title = fold_spaces(document.title);
  if (!title_key(title).empty() && !is_machine_made(title)) return title;
  return first_line_of_title_page(document);
}

}  // namespace recto
