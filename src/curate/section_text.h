#pragma once
// Whether the page of a heading has what the heading promises.

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "curate/document_text.h"
#include "curate/headings.h"

namespace recto {

class SectionText {
 public:
  /// `text` and `headings` (headings_of()) must outlive the object.
  SectionText(DocumentText& text, const std::vector<Heading>& headings);

  /// Why the page of the heading does not answer it, or null when it does:
  /// - it says nothing of its own, whatever it stands under ("Conclusion", "Miscellaneous");
  /// - it begins no line of the page, which therefore only mentions it; "name/2" (a function and
  ///   the number of its arguments) must stand as "name(" there;
  /// - the page is an index;
  /// - its text is on the next page: it begins at the page's end (begins_at_page_end), or the next
  ///   page has more than twice as much of its text;
  /// - it heads a chapter of three pages or more, whose sections are elsewhere;
  /// - a sentence or less stands between it and the next heading, or nothing but a reference to
  ///   another section ("See Section 4.2");
  /// - its text repeats that of an earlier section of the same name: a solution that first repeats
  ///   its exercise.
  const char* unanswered(const Heading& heading) const;

 private:
  /// Folded text of a section on its page and on the next one.
  struct Extent {
    std::string_view own;
    size_t next = 0;    ///< bytes on the next page
    bool ends = false;  ///< another heading follows on the same page
  };
  Extent extent(const Heading& heading) const;
  bool begins_line(const Heading& heading) const;
  bool begins_line(const std::string& folded, int page) const;
  bool is_index(const Heading& heading) const;
  /// The outline has headings below it.
  bool has_sections(const Heading& heading) const;
  bool heads_long_chapter(const Heading& heading) const;
  /// Without their numbering, folded.
  const std::vector<std::string>& folded_lines(int page) const;
  void find_repetitions(const std::vector<Heading>& headings);

  DocumentText& text_;
  std::map<int, std::vector<const Heading*>> by_page_;  ///< in the outline's order
  std::set<int> again_;                                 ///< entries whose text was there before
  mutable std::map<int, std::vector<std::string>> lines_;
};

}  // namespace recto
