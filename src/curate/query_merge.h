#pragma once
// Candidates of all documents to queries with the pages that answer them.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "curate/audit.h"
#include "curate/corpus.h"
#include "curate/document.h"

namespace recto {

struct MergeSettings {
  int generic_families = 3;  ///< words of that many families are generic
  int max_pages = 3;         ///< pages that may answer a query, duplicates counted as one
};

/// The id of a query: "q-" and 16 digits of the SHA-256 of its folded words; for kind
/// "cross_lingual" of the words, a line feed and the kind.
std::string query_id(std::string_view folded, std::string_view kind);

/// Merges candidates whose words (folded: without case, accents, white space and punctuation) are
/// the same. Memory is that of the distinct queries. Not thread-safe.
///
/// - Words that stand in `generic_families` families or more, whatever the kind, are generic; in
///   two or more: ambiguous. Both are dropped, so that no query is in two splits.
/// - On several pages of one family: all are answers; on more than `max_pages`: ambiguous, dropped.
///   Duplicates of a page count as the same page; of cross-lingual queries pages count by language.
/// - A page is no answer that shows again what an earlier page of its document shows outside of the
///   heading that the query names (Candidate::within): a solution that begins with its exercise.
/// - A duplicate of an answer is an answer, but for one outside of the heading that the query names
///   (Candidate::within), or in a document of another language. When one is in another family
///   (boilerplate), the query is ambiguous and dropped.
/// - Kind, method, spelling and language are those of the first candidate; the language is "" when
///   the pages are in several.
/// - Cross-lingual candidates are queries of their own: the same words may be a heading of their
/// own
///   language too, and whoever measures across languages wants the others alone. Those of the same
///   words are one query with answers in several languages: each of its pages answers it, and as
///   queries of their own they would call each other's answers wrong.
class QueryMerger {
 public:
  /// `corpus` must outlive the object, with its groups filled in.
  QueryMerger(const Corpus& corpus, const MergeSettings& settings);
  ~QueryMerger();
  QueryMerger(const QueryMerger&) = delete;
  QueryMerger& operator=(const QueryMerger&) = delete;

  /// A candidate that has passed the filters (curate/query_rules.h). Documents in order. False when
  /// nothing is added: its page is not in the corpus, or the query has no words.
  bool add(int32_t document, const Candidate& candidate);

  /// The queries in the order of their first candidates, each with a row in `audit` (stage
  /// "query"), as have those that are dropped. Call once.
  std::vector<CorpusQuery> finish(Audit& audit);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace recto
