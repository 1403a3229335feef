#pragma once
// Queries in one language for pages in another: translations of one work have the same outline, so
// the heading of one asks for the page of the other. A global stage: it needs no texts, only the
// verified outlines of all documents.

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "curate/audit.h"
#include "curate/document_parts.h"

namespace recto {

inline constexpr const char* kCrossLingualGenerator = "cross_lingual";
inline constexpr const char* kCrossLingualVersion = "6";

/// One entry of an outline; those that cannot be queries count for the alignment.
struct TranslatedHeading {
  int level = 0;
  int page = 0;  ///< the page it stands on (find_headings), 0 when on none
  /// As it asks: without numbering, with the work's title and, unless it is long, with what it
  /// stands under; "" when that says too little or it is on no page.
  std::string query;
  std::string folded;    ///< FoldedText::joined of the query
  int outline_page = 0;  ///< the page the outline names, whether it stands there or not
};

struct TranslatedWork {
  std::string document_id;
  std::string language;  ///< BCP 47; a document of unknown language has no translations
  std::string name_key;  ///< curate/families.h
  std::string family;    ///< "" when families are not known yet
  std::vector<TranslatedHeading> outline;
};

struct CrossLingualSettings {
  /// Languages that ask for one heading's page: taken by turns, so that each gets its share. 0
  /// takes all.
  int languages_per_heading = 2;
  /// Of the entries of both outlines, the share that must be in chapters of the same shape.
  double min_agreement = 0.8;
};

/// The outline of a document as this stage wants it: what the phase that has the text hands on.
/// Headings that their page does not answer (curate/section_text.h) count as on no page.
std::vector<TranslatedHeading> translated_headings(DocumentParts& parts);

/// Pairs of documents (by position, first < second) that are translations of one work: the same
/// name key or family, different languages, ten entries or more, and outlines that align. For
/// find_families' links, and for negatives that must not be a page's translation.
std::vector<std::pair<size_t, size_t>> find_translations(const std::vector<TranslatedWork>& works,
                                                         const CrossLingualSettings& settings);

struct CrossLingualCandidate {
  size_t document = 0;  ///< whose page answers, a position in `works`
  Candidate candidate;  ///< language: that of the asking document; section: of the answering one
};

/// For each heading, the heading at the same place of translations. Outlines align entry by entry
/// when their levels are the same from end to end; else chapter by chapter, where both have the
/// same number of chapters, and only those of the same shape take part. Left out, with a row in
/// `audit` for "ID#outline-N" of the answering document: headings that are the same in both
/// languages, and headings whose words stand in the translation of a third language too
/// ("untranslated"), or twice in their own outline. In the order of `works`, then of the outline.
std::vector<CrossLingualCandidate> cross_lingual_queries(const std::vector<TranslatedWork>& works,
                                                         const CrossLingualSettings& settings,
                                                         Audit& audit);

}  // namespace recto
