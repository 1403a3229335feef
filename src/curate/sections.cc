#include "curate/sections.h"

namespace recto {

Sections::Sections(const std::vector<Heading>& headings, int page_count) : page_count_(page_count) {
  for (const Heading& heading : headings) begin_[heading.page].push_back(heading.folded);
}

const std::string& Sections::section_of(int page) const {
  static const std::string kNone;
  if (page < 1 || page > page_count_) return kNone;
  const auto after = begin_.upper_bound(page);
  if (after == begin_.begin()) return kNone;
  const auto& [begun, headings] = *std::prev(after);
  return begun == page ? headings.front() : headings.back();
}

std::set<std::string> Sections::sections_on(int page) const {
  std::set<std::string> sections;
  if (page < 1 || page > page_count_) return sections;
  const auto here = begin_.lower_bound(page);
  if (here != begin_.begin()) sections.insert(std::prev(here)->second.back());
  if (here != begin_.end() && here->first == page) {
    sections.insert(here->second.begin(), here->second.end());
  }
  return sections;
}

}  // namespace recto
