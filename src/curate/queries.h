#pragma once
// Headings of all documents to queries with the pages that answer them.

#include <string>
#include <vector>

#include "curate/audit.h"
#include "curate/headings.h"
#include "data/dataset.h"

namespace recto {

/// The headings of one document and where it belongs.
struct DocumentHeadings {
  std::string document_id;
  std::string family;
  std::string split;
  std::vector<Heading> headings;
};

struct SplitQuery {
  std::string split;
  QueryRow query;
  std::vector<std::string> page_ids;  ///< in order, each once
};

struct QuerySettings {
  int generic_families = 3;
  int max_pages = 3;
};

/// One query for each distinct folded heading, in the order of first appearance. A heading that
/// stands in `generic_families` families or more is generic and dropped; one of several families
/// is ambiguous and dropped (so no query is in two splits); one on several pages of one family has
/// them all as answers, or is dropped when they are more than `max_pages`. The id is "q-" and 16
/// digits of the SHA-256 of the folded heading.
std::vector<SplitQuery> make_queries(const std::vector<DocumentHeadings>& documents,
                                     const QuerySettings& settings, Audit& audit);

}  // namespace recto
