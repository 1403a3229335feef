#pragma once
// Which headings the pages of a document stand under.

#include <map>
#include <set>
#include <string>
#include <vector>

#include "curate/headings.h"

namespace recto {

/// Built from the headings of one document, each on the page it was found on (find_headings).
class Sections {
 public:
  Sections() = default;
  Sections(const std::vector<Heading>& headings, int page_count);

  /// The folded heading (Heading::folded) that the page stands under: the first that begins on it,
  /// else the last that began before it. "" before the first heading.
  const std::string& section_of(int page) const;

  /// Every folded heading that has text on the page: those that begin on it and the one that goes
  /// on from the page before. A page is no fair negative for a query of any of these sections.
  std::set<std::string> sections_on(int page) const;

 private:
  std::map<int, std::vector<std::string>> begin_;  ///< by page, in the outline's order
  int page_count_ = 0;
};

}  // namespace recto
