#pragma once
// POST /v1/search.

#include "base/json.h"
#include "search/page_search.h"

namespace recto {

/// {"query", "k" (1 to 1000, 10), "mode" (dense, sparse, hybrid), "fusion" (scores, ranks),
/// "fusion_k"}. Throws Error(kBadInput | kUsage) naming the field.
PageQuery parse_search_request(const Json& body);

/// Names of the fields, for the messages of find_pages().
PageQueryNames search_request_names();

/// found_pages_json(), and for each hit "image", the path its picture has on this server, and
/// "truncated": whether the query was cut.
Json search_answer(const PageQuery& query, const std::vector<IndexHit>& hits, bool truncated);

}  // namespace recto
