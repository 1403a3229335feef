#pragma once
// What a search found, for people and for scripts.

#include <string>
#include <vector>

#include "base/json.h"
#include "search/index.h"

namespace recto {

/// {"query", "hits": [{"rank" (from 1), "score", "document_id", "page_id", "page", "source_name",
/// "path", "title"}]}
Json found_pages_json(const std::string& query, const std::vector<IndexHit>& hits);

/// A line for each hit: rank, score, file name, page.
std::string found_pages_text(const std::vector<IndexHit>& hits);

/// The pictures of the hits side by side with captions, a PNG. Throws Error(kUsage) for more hits
/// than a contact sheet takes (page/contact_sheet.h).
std::string found_pages_png(const PageIndex& index, const std::string& query,
                            const std::vector<IndexHit>& hits);

}  // namespace recto
