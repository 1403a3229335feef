#pragma once
// What ranks the pages of a corpus for queries: words, or the vectors of a retriever. The round
// trip and the search for hard negatives use either.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "curate/corpus.h"

namespace recto {

struct RankedPage {
  int32_t page = 0;
  double score = 0;  ///< larger is better

  bool operator==(const RankedPage&) const = default;
};

/// How one query ranks the pages.
struct Ranking {
  std::vector<double> answer_scores;  ///< of CorpusQuery::pages; -infinity for one not found
  /// Place, from 1, of the best answer among all pages of the corpus; 0 when none is found.
  int64_t answer_rank = 0;
  std::vector<RankedPage> best;  ///< best first, ties by page
};

class Ranker {
 public:
  virtual ~Ranker() = default;
  /// "bm25" or "judge": the miner of a negative.
  virtual std::string_view name() const = 0;
  /// Why it cannot tell whether `page` answers a query of this kind, or "" when it can.
  virtual std::string_view cannot_judge(int32_t page, std::string_view kind) const = 0;
  /// Rankings of the queries, with the `k` best pages each; with `allowed` (one for each page of
  /// the corpus) only those where it is not 0. The same whatever `threads` is and whichever
  /// queries are asked together. Throws Error(kInterrupted) after a signal.
  virtual std::vector<Ranking> rank(std::span<const CorpusQuery* const> queries, int k,
                                    std::span<const uint8_t> allowed, int threads) = 0;
};

/// Calls its argument with each page of the corpus in order, and its text.
using PageTexts =
    std::function<void(const std::function<void(int32_t page, std::string_view text)>& visit)>;

/// BM25 over the pages' texts (search/lexical_index.h), whose postings are written to the new
/// `file`. It cannot judge pages without text, nor cross-lingual queries, whose words are of
/// another language than their page's.
std::unique_ptr<Ranker> make_bm25_ranker(const std::filesystem::path& file, const PageTexts& texts);

}  // namespace recto
