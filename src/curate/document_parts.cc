#include "curate/document_parts.h"

#include "curate/contents_pages.h"
#include "curate/document_headings.h"
#include "curate/generator_context.h"

namespace recto {

DocumentParts::DocumentParts(const CuratedDocument& of, Audit& audit)
    : document(of),
      text(of),
      headings(headings_of(text, audit)),
      sections(headings, of.page_count),
      title(work_title(of)),
      contents_pages(find_contents_pages(text, headings)),
      around(text, headings, title),
      section_text(text, headings) {}

}  // namespace recto
