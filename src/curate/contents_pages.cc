#include "curate/contents_pages.h"

#include <cstdlib>
#include <map>

#include "curate/text_lines.h"

namespace recto {

namespace {

constexpr size_t kMinHeadings = 5;
/// Lines of more bytes are running text.
constexpr size_t kMaxLineBytes = 200;

}  // namespace

std::set<int> find_contents_pages(DocumentText& text, const std::vector<Heading>& headings) {
  std::map<std::string, std::set<int>> pages_of;
  for (const Heading& heading : headings) pages_of[heading.folded].insert(heading.page);
  std::set<int> found;
  for (const CuratedPage& page : text.document().pages) {
    std::set<std::string> listed;
    for (const std::string& line : text.lines(page.number)) {
      if (line.size() > kMaxLineBytes) continue;
      const std::string title = strip_numbering(parse_contents_line(line).text);
      const auto place = pages_of.find(text.fold(title).joined());
      if (place == pages_of.end()) continue;
      bool elsewhere = true;
      for (const int own : place->second) elsewhere = elsewhere && std::abs(own - page.number) > 1;
      if (elsewhere) listed.insert(place->first);
    }
    if (listed.size() >= kMinHeadings) found.insert(page.number);
  }
  return found;
}

}  // namespace recto
