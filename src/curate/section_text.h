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
  /// - it says nothing of its own, whatever it stands under ("Conclusion", "Miscellaneous", the
  ///   credits of a translation);
  /// - it begins no line of the page, which therefore only mentions it; "name/2" (a function and
  ///   the number of its arguments) must stand as "name(" there;
  /// - the page is an index;
  /// - its text is on the next page: it begins at the page's end (begins_at_page_end), or the next
  ///   page has more than twice as much of its text;
  /// - it heads a chapter of three pages or more, whose sections are elsewhere;
  /// - a sentence or less stands between it and the next heading, or nothing but a reference to
  ///   another section ("See Section 4.2");
  /// - its text repeats that of an earlier section of the same name, or of the two pages behind it:
  ///   a solution that first repeats its exercise.
  const char* unanswered(const Heading& heading) const;

  /// Up to `count` lines of the page below the heading, none of another heading or what follows
  /// that; "" when it begins no line.
  std::string lines_below(const Heading& heading, size_t count) const;

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
  /// The line behind the words, which begin line `first`; 0 when they do not.
  size_t end_of(const std::string& folded, int page, size_t first) const;
  bool is_index(const Heading& heading) const;
  /// The outline has headings below it.
  bool has_sections(const Heading& heading) const;
  bool heads_long_chapter(const Heading& heading) const;
  /// Without their numbering, folded.
  const std::vector<std::string>& folded_lines(int page) const;
  /// Its first bytes on its page, folded; "" when there are fewer.
  std::string_view beginning(const Heading& heading) const;
  /// Whether it is on `page` or one of the next, none from `end` on.
  bool stands_from(int page, std::string_view beginning, int end) const;
  void find_repetitions();

  DocumentText& text_;
  std::map<int, std::vector<const Heading*>> by_page_;  ///< in the outline's order
  std::set<int> again_;                                 ///< entries whose text was there before
  mutable std::map<int, std::vector<std::string>> lines_;
};

}  // namespace recto
