#pragma once
// Unspecific headings with what they stand under. Private to generator_*.cc.

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "curate/generator_context.h"

namespace recto {

/// A heading with what it stands under.
struct ContextQuery {
  std::string text;
  PageRange within;  ///< pages of the heading above, when the text names it
};

class HeadingContext {
 public:
  explicit HeadingContext(GeneratorContext& context);

  /// True for a heading that stands on an earlier page too, with the same text below it: a solution
  /// that first repeats its exercise.
  bool repeats_earlier(const Heading& heading) const { return again_.count(heading.entry) != 0; }

  /// True when nothing but a reference ("See Section 4.2") stands between it and the next heading.
  bool refers_elsewhere(const Heading& heading) const;

  /// True for a heading whose words head several pages of the document.
  bool is_repeated(const Heading& heading) const { return repeated_.count(heading.folded) != 0; }

  /// "Grandparent: parent: heading", up to the nearest heading above that is not unspecific itself;
  /// when there is none of these, "parent: heading (title of the work)". "" when nothing above says
  /// more, or when that has more than 25 words.
  ContextQuery with_context(const Heading& heading) const;

  /// The nearest heading that `part` of the page stands under and that says enough; "" when there
  /// is none.
  std::string section_above(int page, const FoldedText& part) const;

 private:
  struct Path {
    std::string text;      ///< "grandparent: parent", "" for nothing above
    bool telling = false;  ///< it begins with a heading that is not unspecific
  };
  Path path_above(const Heading& heading) const;
  bool is_telling_title(const FoldedText& words) const;
  std::string checked(const std::string& query) const;
  void find_repetitions();
  /// Folded, from behind the heading to the end of the page.
  std::string_view text_below(const Heading& heading) const;

  GeneratorContext& context_;
  std::string title_;
  std::string title_folded_;
  std::set<std::string> repeated_;  ///< folded headings of several pages
  std::set<int> again_;             ///< entries that repeats_earlier() is about
  std::vector<OutlinePlace> places_;
  std::map<int, std::vector<const Heading*>> by_page_;
};

/// "Output:" and "Sortie :" lead to what follows on the page: without the colon.
std::string without_colon(std::string title);

}  // namespace recto
