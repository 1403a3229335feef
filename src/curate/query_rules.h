#pragma once
// Which queries are worth keeping, each judged for itself.

#include <memory>
#include <optional>
#include <string_view>

#include "curate/problem.h"

namespace recto {

struct QueryRuleSettings {
  int min_letters = 6;       ///< Chinese, Japanese and Korean characters count three
  int min_letters_one = 12;  ///< of a query of one word
  int max_words = 60;        ///< two characters of a script without spaces are about a word
  int max_characters = 400;
  double language_confidence = 0.7;  ///< both sides need it before they can disagree
};

/// A query and what is known of it.
struct QueryFacts {
  std::string_view query;
  std::string_view kind;           ///< as Candidate::kind
  std::string_view language;       ///< that the query's words are in, "" when unknown
  double language_confidence = 0;  ///< 0..1
  std::string_view page_language;
  double page_language_confidence = 0;
};

/// The rules, in this order; the first one broken is told:
///   "no letters", "short", "short: one word", "long", "long: characters"   the settings above
///   "letters and accents apart"   has_loose_accents(), has_accent_marks(): the text layer broke it
///   "markdown"            marks of Markdown or HTML: headings, bold, code, links, tables, tags
///   "several questions"   more than one question mark
///   "personal data: KIND" personal_data()
///   "figure or page number"   numbered_reference()
///   "points at the page"  DeixisFinder
///   "language: LANGUAGE on a page in LANGUAGE"   both known with confidence and different;
///                         cross_lingual queries may
/// Not thread-safe: one for each thread.
class QueryRules {
 public:
  explicit QueryRules(const QueryRuleSettings& settings = {});
  ~QueryRules();
  QueryRules(const QueryRules&) = delete;
  QueryRules& operator=(const QueryRules&) = delete;

  std::optional<Problem> check(const QueryFacts& query) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// True when `query` (in_plain_signs) has marks that are Markdown's or HTML's.
bool has_markdown(std::string_view query);

/// Questions in `query`: question marks that end something ("?!" is one).
int count_questions(std::string_view query);

/// False when both are known languages and not the same: "de-AT" is "de", and the pairs that
/// detectors take for each other (no, nb, nn; hr, sr, bs; id, ms) are one.
bool languages_agree(std::string_view a, std::string_view b);

}  // namespace recto
