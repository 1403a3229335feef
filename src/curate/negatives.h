#pragma once
// Hard negatives: pages that a ranker takes for answers and that are none.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "curate/audit.h"
#include "curate/corpus.h"
#include "curate/ranker.h"

namespace recto {

/// The headings that have text on each page (Sections::sections_on), folded.
class PageHeadings {
 public:
  void add(int32_t page, std::string_view folded);
  bool has(int32_t page, std::string_view folded) const;
  /// True when a heading has text on both.
  bool share(int32_t a, int32_t b) const;

 private:
  const std::vector<uint64_t>& of(int32_t page) const;

  std::vector<std::vector<uint64_t>> hashes_;  ///< ascending; what few bytes can say of a heading
};

struct NegativeSettings {
  /// Places among the pages of the query's split without its answers, from 1, both included.
  int first_rank = 1;
  int last_rank = 50;
  int per_query = 8;                ///< of each ranker; of a curation, 0 for none
  double max_share = 0.95;          ///< of the score of the answer (NV-Retriever)
  std::optional<double> max_score;  ///< whatever the answer's score
  bool other_document = false;      ///< never of an answer's document
  bool other_family = false;        ///< never of its family: its translations and editions
  bool spare_near = true;  ///< never a page that looks like an answer (are_near of their hashes)
  int threads = 1;
};

/// Throws Error(kUsage) naming the option for ranks that do not ascend from 1, a share that is not
/// above 0 and at most 1, or a score that is not finite.
void check_settings(const NegativeSettings& settings);

/// NegativeRow with places for ids.
struct Negative {
  int32_t query = 0;
  int32_t page = 0;
  int32_t rank = 0;
  float score = 0;
  uint8_t miner = 0;  ///< place of the ranker
};

/// For each query and ranker up to `per_query` pages of the query's split within the ranks, best
/// first, whose score is at most `max_share` of the lowest score of an answer that the ranker
/// found (none when that is not above 0, or no answer is found) and at most `max_score`. Never a
/// page that answers a query of the same words, that looks like an answer (are_near of their
/// hashes) or shows the same, that is blank or boilerplate, or that has text under a heading that
/// an answer is under too or that is the query itself; of duplicates one; a page that an earlier
/// ranker gave not again. Ascending by query, ranker, rank; a row in `audit` for each query and
/// ranker (stage "negatives") with how many were found and wanted. The same result whatever
/// `threads` is. `per_query` is at least 1. Throws what check_settings() and rankers throw.
std::vector<Negative> mine_negatives(std::span<const CorpusQuery> queries, const Corpus& corpus,
                                     const PageHeadings& headings, std::span<Ranker* const> rankers,
                                     const NegativeSettings& settings, Audit& audit);

}  // namespace recto
