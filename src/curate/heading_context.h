#pragma once
// Unspecific headings with what they stand under.

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "curate/document_text.h"
#include "curate/headings.h"

namespace recto {

/// A heading with what it stands under.
struct ContextQuery {
  std::string text;
  PageRange within;  ///< pages of the heading above, when the text names it
};

class HeadingContext {
 public:
  /// `title` is the work's. `text` and `headings` (headings_of()) must outlive the object.
  HeadingContext(DocumentText& text, const std::vector<Heading>& headings, std::string title);

  /// True for a heading whose words head several pages of the document.
  bool is_repeated(const Heading& heading) const { return repeated_.count(heading.folded) != 0; }

  /// "Grandparent: parent: heading (title of the work)", up to the nearest heading above that is
  /// not unspecific itself. The title is left out where there is none, where the rest has it, or
  /// where that would be more than 25 words and a heading above is not unspecific. "" when nothing
  /// above says more, or when that has more than 25 words.
  ContextQuery with_context(const Heading& heading) const;

  /// "Words (title of the work)"; the words alone where there is no title, or where they have it.
  std::string with_title(const std::string& words) const;

  /// The nearest heading that `part` of the page, taken where it stands last, is under; "" when it
  /// does not say enough, or when another may be nearer that was found on no page.
  std::string section_above(int page, const FoldedText& part) const;

 private:
  struct Path {
    std::string text;      ///< "grandparent: parent", "" for nothing above
    bool telling = false;  ///< it begins with a heading that is not unspecific
  };
  Path path_above(const Heading& heading) const;
  bool is_telling_title(const FoldedText& words) const;
  /// An entry behind `heading`, up to `page`, was found on no page.
  bool another_may_follow(const Heading& heading, int page) const;
  std::string checked(const std::string& query) const;
  /// The title of an outline's entry, as its page writes it where it was found there.
  std::string title_of(int entry) const;

  DocumentText& text_;
  const std::vector<Heading>& headings_;
  std::vector<OutlineEntry> outline_;  ///< without the letters of appendices
  std::string title_;
  std::string title_folded_;
  std::set<std::string> repeated_;  ///< folded headings of several pages
  std::vector<OutlinePlace> places_;
  std::map<int, const Heading*> by_entry_;  ///< of the outline
};

/// "Output:" and "Sortie :" lead to what follows on the page: without the colon.
std::string without_colon(std::string title);

}  // namespace recto
