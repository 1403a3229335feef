#pragma once
// Pages that list headings of other pages: tables of contents, and the slides that show where a
// talk has got to.

#include <set>
#include <vector>

#include "curate/document_text.h"
#include "curate/headings.h"

namespace recto {

/// A page with five lines or more that are each the heading of another page (not of the page beside
/// it), without its numbering and page number. No query is about such a page.
std::set<int> find_contents_pages(DocumentText& text, const std::vector<Heading>& headings);

}  // namespace recto
