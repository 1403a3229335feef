#pragma once
// Queries that a document carries itself: the headings of its outline, each with the page it
// stands on.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "curate/audit.h"
#include "curate/document.h"
#include "curate/folded_text.h"
#include "page/reader.h"

namespace recto {

/// A heading that stands on a page.
struct Heading {
  std::string query;      ///< without numbering, white space folded
  std::string folded;     ///< FoldedText::joined of query: what makes two queries the same
  int page = 0;           ///< from 1
  int level = 0;          ///< in the outline, 0 for a chapter
  int entry = 0;          ///< place in the outline, from 0
  bool is_short = false;  ///< says too little to be a query alone
};

/// What becomes of short headings: fewer than 6 letters, or one word of fewer than 12.
enum class ShortHeadings { kDrop, kKeep };

/// "3.1 Setting up" -> "Setting up", "Chapter 4: Use" -> "Use", "A.2. Files" -> "Files"; white
/// space folded. A title that is nothing but numbering gives "".
std::string strip_numbering(std::string_view title);

/// Folded text of page `number` (from 1), made when it is asked for.
using PageWords = std::function<const FoldedText&(int number)>;

/// True when `heading` stands in the second half of the page's words and little follows it (fewer
/// than 400 bytes, folded, or 150 when its words stand there before, too): its text is on the next
/// page.
bool begins_at_page_end(const FoldedText& heading, const FoldedText& page);

struct OutlinePlace {
  int level = 0;
  int page = 0;  ///< 0 when unknown
};

/// The pages of the nearest entry above `entry` that it stands under, up to the page where the next
/// one of that entry's level begins; all pages for a chapter.
PageRange pages_above(const std::vector<OutlinePlace>& outline, size_t entry);

/// The headings of `outline` that can be queries. One is dropped, with a row in `audit` for
/// `document_id` + "#outline-" + its place from 1, when it leads nowhere, has no letters, is short
/// (unless these are kept), or stands neither on the page it leads to nor on the next or the one
/// before. A heading on the page beside belongs to that page.
std::vector<Heading> find_headings(const std::string& document_id,
                                   const std::vector<OutlineEntry>& outline, int page_count,
                                   WordTokenizer& tokenizer, const PageWords& page_words,
                                   Audit& audit,
                                   ShortHeadings short_headings = ShortHeadings::kDrop);

}  // namespace recto
