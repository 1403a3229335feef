#pragma once
// Unspecific headings with what they stand under. Private to generator_*.cc.

#include <set>
#include <string>

#include "curate/generator_context.h"

namespace recto {

class HeadingContext {
 public:
  explicit HeadingContext(GeneratorContext& context);

  /// True for a heading whose words head several pages of the document.
  bool is_repeated(const Heading& heading) const { return repeated_.count(heading.folded) != 0; }

  /// "Grandparent: parent: heading", up to the nearest heading above that is not unspecific itself;
  /// when there is none of these, "parent: heading (title of the work)". "" when nothing above says
  /// more, or when that has more than 25 words.
  std::string with_context(const Heading& heading) const;

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

  GeneratorContext& context_;
  std::string title_;
  std::string title_folded_;
  std::set<std::string> repeated_;  ///< folded headings of several pages
};

/// "Output:" and "Sortie :" lead to what follows on the page: without the colon.
std::string without_colon(std::string title);

}  // namespace recto
