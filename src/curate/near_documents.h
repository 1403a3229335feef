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

/// Ink below which a page says nothing that could make two documents one: header and footer alone.
inline constexpr double kSparseInk = 0.005;

struct DocumentLinks {
  /// Per group of NearDuplicates: 1 when it spans many families (licences, covers, notices), is
  /// that of the blank pages or has only sparse pages. Such a group joins nothing.
  std::vector<uint8_t> boilerplate;
  /// Documents (a, b), a < b, of different families of which one has at least min_share of its
  /// pages in groups the other has pages in too; ascending. For find_families(members, links).
  std::vector<std::pair<size_t, size_t>> links;
};

/// `document_of_page[i]` is the document of page i, `family_of_document` the families before
/// joining (by names and titles). A document's pages are those given here. `sparse[i]` is 1 for a
/// page with ink below kSparseInk, which counts as blank here whatever its header says; empty for
/// none.
DocumentLinks link_documents(const NearDuplicates& near, std::span<const uint32_t> document_of_page,
                             std::span<const std::string> family_of_document,
                             std::span<const uint8_t> sparse = {},
                             const DocumentLinkRule& rule = {});

}  // namespace recto
