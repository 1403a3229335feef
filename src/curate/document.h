#pragma once
// A document between its reading and the dataset: what the generators of queries and the global
// stages (near-duplicates, filters, negatives, splits) know of it. Pictures stay on disk.

#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "page/perceptual_hash.h"
#include "page/reader.h"

namespace recto {

/// What kind of page it is, from ink and layout (curate/page_class.h).
enum class ContentClass { kText, kTable, kFigure, kMixed, kCover, kIndex, kBlank };

/// "text", "table", "figure", "mixed", "cover", "index", "blank".
const char* content_class_name(ContentClass content_class);
/// Throws Error(kBadInput) for another name.
ContentClass parse_content_class(std::string_view name);

/// A rendered page.
struct CuratedPage {
  int number = 0;                  ///< from 1
  std::string label;               ///< the page number as the PDF prints it ("iv", "A-3"), or ""
  std::string text;                ///< valid UTF-8, lines separated by \n
  std::string text_source;         ///< "text_layer", "ocr" or "none"
  std::string language;            ///< BCP 47, "" when unknown
  double language_confidence = 0;  ///< 0..1
  ContentClass content_class = ContentClass::kText;
  double ink = 0;      ///< share of pixels darker than 200 at a longest side of 256, 0..1
  int characters = 0;  ///< of the text, without white space
  int words = 0;
  /// Folded headings (FoldedText::joined) that have text on the page (curate/sections.h).
  std::vector<std::string> sections;
  PerceptualHash hash{};
};

/// Provenance of a file, from --sources.
struct SourceFacts {
  std::string title;
  std::string licence;
  std::string url;
  std::string language;  ///< a hint, BCP 47
};

struct CuratedDocument {
  std::string document_id;  ///< SHA-256 of the file, 64 hexadecimal digits
  std::string source_name;  ///< file name; of a member of an archive "ARCHIVE/MEMBER"
  std::string title;
  std::string producer;
  std::string language;  ///< of most of its pages
  SourceFacts source;
  bool is_image = false;
  int page_count = 0;  ///< of the file; pages may lack some that could not be rendered
  std::vector<OutlineEntry> outline;
  std::vector<CuratedPage> pages;  ///< by number, ascending

  /// Null when the page was not rendered.
  const CuratedPage* page(int number) const;
};

/// Pages of a document, both ends included; all of them unless said otherwise.
struct PageRange {
  int first = 1;
  int last = std::numeric_limits<int>::max();

  bool holds(int page) const { return first <= page && page <= last; }
  bool operator==(const PageRange&) const = default;
};

/// A query that a generator proposes for one page of one document.
struct Candidate {
  std::string query;       ///< valid UTF-8, one line, white space folded
  std::string kind;        ///< heading, question, caption, table, index, sentence, cross_lingual,
                           ///< main, secondary, visual, semantic
  std::string method;      ///< the generator's name
  std::string version;     ///< the generator's version
  std::string language;    ///< BCP 47, "" for the page's
  int page = 0;            ///< the page that answers it, from 1
  std::string section;     ///< heading the query stands under, folded (FoldedText::joined), or ""
  int outline_entry = -1;  ///< place in the outline it comes from, -1 for none
  /// Of the heading above that the query names: a duplicate of its page elsewhere in the document
  /// does not answer it.
  PageRange within;
};

}  // namespace recto
