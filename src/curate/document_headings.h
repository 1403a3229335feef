#pragma once
// The headings of a document's outline as its pages write them.

#include <vector>

#include "curate/audit.h"
#include "curate/document_text.h"
#include "curate/headings.h"

namespace recto {

/// The outline with "Files" for "B Files", where the chapter before or behind has the letter before
/// or behind.
std::vector<OutlineEntry> without_appendix_letters(const std::vector<OutlineEntry>& outline);

/// find_headings() of the document without the letters of appendices, also short ones. A heading
/// whose outline has plain ASCII where its page has letters beyond ("Sicherheit fur Anfanger",
/// "?Por que?") takes the page's spelling (lower_lifted_accents()), unless that is in capitals,
/// begins with a sign of its own, or has its accents apart.
std::vector<Heading> headings_of(DocumentText& text, Audit& audit);

}  // namespace recto
