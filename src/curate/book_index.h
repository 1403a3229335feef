#pragma once
// The index at the back of a book: its pages, terms, and the printed page numbers behind them.

#include <string>
#include <string_view>
#include <vector>

#include "curate/document_text.h"

namespace recto {

/// "sorting, of files . . . 12, 45–47" is {"sorting, of files", {"12", "45"}}.
struct IndexEntry {
  std::string term;                 ///< white space folded
  std::vector<std::string> labels;  ///< printed numbers; of a range the first
};

/// One line, or lines already joined. No labels: the line is no entry.
IndexEntry parse_index_entry(std::string_view line);

/// Pages of the document's second half that are an index: the first has a short line with a word
/// for "index" in one of eleven languages among its first lines (or the outline has such an entry
/// for it), and on each half of the lines are entries, and more than half of these in the order of
/// the alphabet.
std::vector<int> find_index_pages(DocumentText& text);

/// The entries of an index page that stand in the order of the alphabet, which leaves out most of
/// what is subordinate to a term; terms and numbers that were divided over lines are joined.
std::vector<IndexEntry> read_index_page(DocumentText& text, int page);

}  // namespace recto
