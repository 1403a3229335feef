// libFuzzer: any text as the pages and outline of a document. Zero bytes part pages; a page's first
// line is an outline entry too, its first byte the level and the page it leads to. Only
// recto::Error may come out, and only queries that are valid UTF-8, on pages that exist.

#include <algorithm>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/utf8.h"
#include "curate/cross_lingual.h"
#include "curate/generator.h"

namespace {

constexpr size_t kMaxPages = 40;

recto::CuratedDocument make_document(std::string_view bytes) {
  recto::CuratedDocument document;
  document.document_id = "fuzz";
  while (!bytes.empty() && document.pages.size() < kMaxPages) {
    const size_t end = std::min(bytes.find('\0'), bytes.size());
    recto::CuratedPage page;
    page.number = static_cast<int>(document.pages.size()) + 1;
    page.text = recto::replace_invalid_utf8(bytes.substr(0, end));
    page.words = 200;
    page.label = page.text.substr(0, page.text.find(' '));
    const auto first = page.text.empty() ? 0 : static_cast<unsigned char>(page.text[0]);
    document.outline.push_back({page.text.substr(0, page.text.find('\n')), first % 4,
                                static_cast<int>(first % (kMaxPages + 1))});
    document.pages.push_back(std::move(page));
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
  }
  document.page_count = static_cast<int>(document.pages.size());
  return document;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const recto::CuratedDocument document =
      make_document({reinterpret_cast<const char*>(data), size});
  recto::GeneratorSettings settings;
  for (const recto::GeneratorInfo& info : recto::generators()) settings.on.emplace(info.name);
  recto::Audit audit;
  recto::DocumentParts parts(document, audit);
  for (const recto::Candidate& candidate : recto::generate(parts, settings, audit)) {
    RECTO_CHECK(recto::is_valid_utf8(candidate.query) && !candidate.query.empty());
    RECTO_CHECK(candidate.query.find('\n') == std::string::npos);
    RECTO_CHECK(document.page(candidate.page) != nullptr);
  }
  for (const auto& heading : recto::translated_headings(parts)) {
    RECTO_CHECK(heading.page >= 0 && heading.page <= document.page_count);
  }
  return 0;
}
