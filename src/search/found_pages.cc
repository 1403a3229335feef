#include "search/found_pages.h"

#include "base/file.h"
#include "base/utf8.h"
#include "page/contact_sheet.h"
#include "page/decode.h"
#include "page/encode.h"

namespace recto {

Json found_pages_json(const std::string& query, const std::vector<IndexHit>& hits) {
  Json list = Json::array();
  for (const IndexHit& hit : hits) {
    list.push_back({{"rank", list.size() + 1},
                    {"score", hit.score},
                    {"document_id", hit.document_id},
                    {"page_id", hit.page_id()},
                    {"page", hit.page_number},
                    {"source_name", replace_invalid_utf8(hit.source_name)},
                    {"path", replace_invalid_utf8(hit.path)},
                    {"title", hit.title}});
  }
  return {{"query", query}, {"hits", list}};
}

std::string found_pages_text(const std::vector<IndexHit>& hits) {
  std::string text;
  int rank = 0;
  for (const IndexHit& hit : hits) {
    text += fmt::format("{:>3}  {:7.4f}  {} page {}\n", ++rank, hit.score, hit.source_name,
                        hit.page_number);
  }
  return text;
}

std::string found_pages_png(const PageIndex& index, const std::string& query,
                            const std::vector<IndexHit>& hits) {
  std::vector<ContactSheetCell> cells;
  for (const IndexHit& hit : hits) {
    const std::string jpeg = index.page_image(hit);
    ContactSheetCell cell;
    cell.picture = decode_image(as_bytes(jpeg), hit.page_id());
    cell.caption = {fmt::format("{}. {}", cells.size() + 1, hit.source_name),
                    fmt::format("page {}   score {:.4f}", hit.page_number, hit.score)};
    cells.push_back(std::move(cell));
  }
  return encode_png(make_contact_sheet("Query: " + query, cells));
}

}  // namespace recto
