#pragma once
// Queries as the generators propose them, for measuring what cleaning them is worth
// (recto curate --cleaning off).

#include <memory>
#include <vector>

#include "curate/audit.h"
#include "curate/corpus.h"
#include "curate/document.h"

namespace recto {

/// Each candidate is a query of its own with the one page that it was proposed for, however many
/// others have its words. Left out is only what the format does not hold: the same words for the
/// same page again, and words that stand in several splits but for those of the split train (where
/// it has none, of the first candidate's). Its id is "q-" and 16 digits of the SHA-256 of folded
/// words, kind (cross-lingual or not) and page. Not thread-safe.
class UncleanedQueries {
 public:
  /// `corpus` must outlive the object, with its splits filled in.
  explicit UncleanedQueries(const Corpus& corpus);
  ~UncleanedQueries();
  UncleanedQueries(const UncleanedQueries&) = delete;
  UncleanedQueries& operator=(const UncleanedQueries&) = delete;

  /// False when nothing is added: its page is not in the corpus, the query has no words, or the
  /// same words are there for the page already.
  bool add(int32_t document, const Candidate& candidate);

  /// The queries in the order of their candidates, each with a row in `audit` (stage "query"), as
  /// have those that are dropped. Call once.
  std::vector<CorpusQuery> finish(Audit& audit);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace recto
