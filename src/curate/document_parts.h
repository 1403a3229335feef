#pragma once
// What is made of a document once, for all generators and for its translations.

#include <set>
#include <string>
#include <vector>

#include "curate/audit.h"
#include "curate/document_text.h"
#include "curate/heading_context.h"
#include "curate/headings.h"
#include "curate/section_text.h"
#include "curate/sections.h"

namespace recto {

struct DocumentParts {
  /// `document` must outlive the object, and keep its pages as they are but for their sections.
  /// `audit` gets what headings_of() drops. Not thread-safe.
  DocumentParts(const CuratedDocument& of, Audit& audit);
  DocumentParts(const DocumentParts&) = delete;
  DocumentParts& operator=(const DocumentParts&) = delete;

  const CuratedDocument& document;
  DocumentText text;
  const std::vector<Heading> headings;  ///< that stand on their pages, also short ones
  const Sections sections;
  const std::string title;             ///< work_title()
  const std::set<int> contents_pages;  ///< find_contents_pages()
  const HeadingContext around;
  const SectionText section_text;
};

}  // namespace recto
