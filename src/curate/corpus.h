#pragma once
// What the global stages of a curation know of all documents, pages and queries: little enough to
// be in memory for hundreds of thousands of pages. They name pages and documents by their places
// in the lists, and ids are made when rows are written.

#include <cstdint>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "page/perceptual_hash.h"

namespace recto {

struct CorpusDocument {
  std::string document_id;
  std::string family;
  std::string split;
  std::string source;    ///< name_sources() (curate/source_names.h)
  std::string language;  ///< BCP 47, "" when unknown
};

struct CorpusPage {
  int32_t document = 0;  ///< place in Corpus::documents
  int32_t number = 0;    ///< from 1
  std::string language;  ///< BCP 47, "" when unknown
  PerceptualHash hash{};
  /// Duplicates share a number (NearDuplicates::group); -1 for a page without one.
  int32_t group = -1;
  /// Its group is that of the blank pages, has none but sparse ones (corpus_families.h), or is in
  /// kBoilerplateFamilies families or more (data/group_names.h).
  bool boilerplate = false;
};

struct Corpus {
  std::vector<CorpusDocument> documents;
  std::vector<CorpusPage> pages;  ///< by document and number, ascending

  const CorpusDocument& document_of(int32_t page) const { return documents[pages[page].document]; }
  /// make_page_id() (data/page_id.h).
  std::string page_id(int32_t page) const;
  /// Place of a page in `pages`, -1 when it is not there.
  int32_t find_page(int32_t document, int number) const;
};

/// A query and the pages that answer it, all of one family.
struct CorpusQuery {
  QueryRow row;
  std::string folded;          ///< its words (FoldedText::joined): equal ones are one string
  std::vector<int32_t> pages;  ///< places of the answers, ascending
};

/// Removes the queries whose `dropped` is not 0, in place and in order.
void remove_queries(std::vector<CorpusQuery>& queries, const std::vector<uint8_t>& dropped);

}  // namespace recto
