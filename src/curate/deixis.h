#pragma once
// Phrases that point at something only a reader of the page sees: "this diagram", "siehe oben".

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "search/word_tokenizer.h"

namespace recto {

/// Phrases of one language, as deixis_lists.cc has them. A list is words separated by white space;
/// a pattern is elements separated by spaces:
///   word|word   one of them (words or sets); "ci_dessus" stands for the words "ci dessus",
///   "beschrieben*"
///               for all that begin so; case and accents do not matter
///   @parts      a word of `parts` (what a document is made of: page, section, text, ...)
///   @visuals    a word of `visuals` (figure, table, ...)
///   @modifiers  a word of `modifiers` (wiring diagram, user manual)
///   ...         any number of words
///   ^ $         the first, last place
///   X?          X or nothing
///   !X          a place where X does not follow
struct DeixisList {
  std::string_view language;
  std::string_view parts;  ///< without those of `visuals`, which belong to them too
  std::string_view visuals;
  std::string_view modifiers;
  std::vector<std::string_view> patterns;
};

/// en, fr, de, es, it, pt, nl, pl.
const std::vector<DeixisList>& deixis_lists();

/// The lists, ready to be looked for. Every list is tried whatever the language of a query: short
/// texts are hard to tell, and the phrases of one language are rarely something else in another.
class DeixisFinder {
 public:
  explicit DeixisFinder(WordTokenizer& tokenizer);
  ~DeixisFinder();
  DeixisFinder(const DeixisFinder&) = delete;
  DeixisFinder& operator=(const DeixisFinder&) = delete;

  /// Language of the first list with a phrase that stands in `words` (as WordTokenizer cuts them),
  /// "" when there is none. Thread-safe.
  std::string_view find(const std::vector<std::string>& words) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace recto
