#include "curate/document.h"

#include <algorithm>

#include "base/error.h"

namespace recto {

namespace {

constexpr const char* kNames[] = {"text", "table", "figure", "mixed", "cover", "index", "blank"};

}  // namespace

const char* content_class_name(ContentClass content_class) {
  return kNames[static_cast<size_t>(content_class)];
}

ContentClass parse_content_class(std::string_view name) {
  const auto* found = std::find(std::begin(kNames), std::end(kNames), name);
  if (found == std::end(kNames)) {
    fail(ErrorCode::kBadInput,
         "\"{}\" is no content class; text, table, figure, mixed, cover, "
         "index and blank are known",
         name);
  }
  return static_cast<ContentClass>(found - std::begin(kNames));
}

const CuratedPage* CuratedDocument::page(int number) const {
  const auto found =
      std::lower_bound(pages.begin(), pages.end(), number,
                       [](const CuratedPage& page, int wanted) { return page.number < wanted; });
  return found == pages.end() || found->number != number ? nullptr : &*found;
}

}  // namespace recto
