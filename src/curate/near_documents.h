#pragma once
// From near-duplicate pages to documents that belong together.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "curate/near_duplicates.h"

namespace recto {

struct DocumentLinkRule {
  int boilerplate_families = 5;  ///< a group in that many families is boilerplate
  double min_share = 0.03;       ///< of the pages of one of two documents
};

struct DocumentLinks {
  /// Per group of NearDuplicates: 1 when it spans many families (licences, covers, notices) or is
  /// that of the blank pages. Such a group joins nothing.
  std::vector<uint8_t> boilerplate;
  /// Documents (a, b), a < b, of different families of which one has at least min_share of its
  /// pages in groups the other has pages in too; ascending. For find_families(members, links).
  std::vector<std::pair<size_t, size_t>> links;
};

/// `document_of_page[i]` is the document of page i, `family_of_document` the families before
/// joining (by names and titles). A document's pages are those given here.
DocumentLinks link_documents(const NearDuplicates& near, std::span<const uint32_t> document_of_page,
                             std::span<const std::string> family_of_document,
                             const DocumentLinkRule& rule = {});

}  // namespace recto
