#include "curate/corpus.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "data/page_id.h"

namespace recto {

std::string Corpus::page_id(int32_t page) const {
  return make_page_id(document_of(page).document_id, pages[page].number);
}

int32_t Corpus::find_page(int32_t document, int number) const {
  const auto found =
      std::lower_bound(pages.begin(), pages.end(), std::pair(document, number),
                       [](const CorpusPage& page, const std::pair<int32_t, int>& wanted) {
                         return std::pair<int32_t, int>(page.document, page.number) < wanted;
                       });
  if (found == pages.end() || found->document != document || found->number != number) return -1;
  return static_cast<int32_t>(found - pages.begin());
}

void remove_queries(std::vector<CorpusQuery>& queries, const std::vector<uint8_t>& dropped) {
  RECTO_CHECK(queries.size() == dropped.size());
  size_t kept = 0;
  for (size_t i = 0; i < queries.size(); ++i) {
    if (dropped[i] != 0) continue;
    if (kept != i) queries[kept] = std::move(queries[i]);
    ++kept;
  }
  queries.erase(queries.begin() + static_cast<std::ptrdiff_t>(kept), queries.end());
}

}  // namespace recto
