#include "curate/negatives.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <tuple>

#include "base/error.h"
#include "base/progress.h"
#include "curate/near_duplicates.h"

namespace recto {

namespace {

constexpr const char* kStage = "negatives";
constexpr size_t kBatch = 4096;

/// FNV-1a.
uint64_t heading_hash(std::string_view folded) {
  uint64_t hash = 14695981039346656037U;
  for (const char c : folded) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  return hash;
}

/// Queries in the order of their words, to find those of the same words.
std::vector<int32_t> order_by_words(std::span<const CorpusQuery> queries) {
  std::vector<int32_t> order(queries.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](int32_t a, int32_t b) { return queries[a].folded < queries[b].folded; });
  return order;
}

class NegativeMiner {
 public:
  NegativeMiner(std::span<const CorpusQuery> queries, const Corpus& corpus,
                const PageHeadings& headings, const NegativeSettings& settings)
      : queries_(queries),
        corpus_(corpus),
        headings_(headings),
        settings_(settings),
        by_words_(order_by_words(queries)) {}

  /// Adds the negatives of the queries in `batch`, all of the split that `allowed` says.
  void mine(std::span<const int32_t> batch, std::span<Ranker* const> rankers,
            const std::vector<uint8_t>& allowed, std::vector<Negative>& negatives) const {
    std::vector<const CorpusQuery*> asked;
    size_t most_answers = 0;
    for (const int32_t q : batch) {
      asked.push_back(&queries_[q]);
      most_answers = std::max(most_answers, queries_[q].pages.size());
    }
    const int k = settings_.last_rank + static_cast<int>(most_answers);
    std::vector<std::vector<Negative>> found(batch.size());
    for (size_t m = 0; m < rankers.size(); ++m) {
      const auto rankings = rankers[m]->rank(asked, k, allowed, settings_.threads);
      for (size_t i = 0; i < batch.size(); ++i) {
        choose(batch[i], static_cast<uint8_t>(m), rankings[i], found[i]);
      }
    }
    for (const auto& of_query : found) {
      negatives.insert(negatives.end(), of_query.begin(), of_query.end());
    }
  }

 private:
  /// Chooses among the pages a ranker has put first; `negatives` has the query's earlier ones.
  void choose(int32_t query, uint8_t miner, const Ranking& ranking,
              std::vector<Negative>& negatives) const {
    const double cap = score_cap(ranking);
    const std::set<int32_t> answers = pages_of_same_words(query);
    std::vector<int32_t> chosen;
    int rank = 0;
    for (const RankedPage& found : ranking.best) {
      if (std::binary_search(queries_[query].pages.begin(), queries_[query].pages.end(),
                             found.page)) {
        continue;
      }
      if (++rank < settings_.first_rank) continue;
      if (rank > settings_.last_rank || std::ssize(chosen) == settings_.per_query) break;
      if (!(found.score <= cap) || answers.count(found.page) != 0) continue;
      if (!is_fair(queries_[query], found.page) || repeats(found.page, chosen)) continue;
      if (is_taken(found.page, negatives)) continue;
      chosen.push_back(found.page);
      negatives.push_back({query, found.page, rank, static_cast<float>(found.score), miner});
    }
  }

  /// The highest score a negative may have; -infinity when there is none.
  double score_cap(const Ranking& ranking) const {
    constexpr double kNone = -std::numeric_limits<double>::infinity();
    double lowest = std::numeric_limits<double>::infinity();
    for (const double score : ranking.answer_scores) {
      if (score != kNone) lowest = std::min(lowest, score);
    }
    if (!(lowest > 0) || ranking.answer_rank == 0) return kNone;
    const double cap = settings_.max_share * lowest;
    return settings_.max_score ? std::min(cap, *settings_.max_score) : cap;
  }

  /// Answers of all queries of the same words (of its own language and cross-lingual ones).
  std::set<int32_t> pages_of_same_words(int32_t query) const {
    const std::string& words = queries_[query].folded;
    auto at = std::lower_bound(
        by_words_.begin(), by_words_.end(), words,
        [&](int32_t other, const std::string& wanted) { return queries_[other].folded < wanted; });
    std::set<int32_t> pages;
    for (; at != by_words_.end() && queries_[*at].folded == words; ++at) {
      pages.insert(queries_[*at].pages.begin(), queries_[*at].pages.end());
    }
    return pages;
  }

  bool is_fair(const CorpusQuery& query, int32_t page) const {
    const CorpusPage& candidate = corpus_.pages[page];
    if (candidate.boilerplate || headings_.has(page, query.folded)) return false;
    return std::none_of(query.pages.begin(), query.pages.end(), [&](int32_t answer) {
      const CorpusPage& positive = corpus_.pages[answer];
      return same_group(candidate, positive) ||
             (settings_.spare_near && are_near(candidate.hash, positive.hash)) ||
             headings_.share(page, answer) ||
             (settings_.other_document && candidate.document == positive.document) ||
             (settings_.other_family &&
              corpus_.document_of(page).family == corpus_.document_of(answer).family);
    });
  }

  static bool same_group(const CorpusPage& a, const CorpusPage& b) {
    return a.group >= 0 && a.group == b.group;
  }

  bool repeats(int32_t page, const std::vector<int32_t>& chosen) const {
    return std::any_of(chosen.begin(), chosen.end(), [&](int32_t other) {
      return same_group(corpus_.pages[page], corpus_.pages[other]);
    });
  }

  /// Whether an earlier ranker gave this page.
  static bool is_taken(int32_t page, const std::vector<Negative>& negatives) {
    return std::any_of(negatives.begin(), negatives.end(),
                       [&](const Negative& other) { return other.page == page; });
  }

  std::span<const CorpusQuery> queries_;
  const Corpus& corpus_;
  const PageHeadings& headings_;
  const NegativeSettings& settings_;
  std::vector<int32_t> by_words_;
};

std::vector<uint8_t> pages_of_split(const Corpus& corpus, const std::string& split) {
  std::vector<uint8_t> allowed(corpus.pages.size());
  for (size_t i = 0; i < allowed.size(); ++i) {
    allowed[i] = corpus.documents[corpus.pages[i].document].split == split ? 1 : 0;
  }
  return allowed;
}

/// One row for each query and ranker. `negatives` is sorted.
void record(std::span<const CorpusQuery> queries, std::span<Ranker* const> rankers,
            const NegativeSettings& settings, const std::vector<Negative>& negatives,
            Audit& audit) {
  size_t at = 0;
  for (size_t q = 0; q < queries.size(); ++q) {
    for (size_t m = 0; m < rankers.size(); ++m) {
      int count = 0;
      for (; at < negatives.size() && negatives[at].query == static_cast<int32_t>(q) &&
             negatives[at].miner == m;
           ++at) {
        ++count;
      }
      audit.keep(queries[q].row.query_id, kStage,
                 fmt::format("{} by {}", count > 0 ? "hard negatives" : "no hard negatives",
                             rankers[m]->name()),
                 count, settings.per_query);
    }
  }
}

}  // namespace

void check_settings(const NegativeSettings& settings) {
  if (settings.first_rank < 1 || settings.last_rank < settings.first_rank) {
    fail(ErrorCode::kUsage,
         "--negative-ranks {}-{}: wanted are a first rank of at least 1 and a last one not before "
         "it, such as 1-50",
         settings.first_rank, settings.last_rank);
  }
  if (!(settings.max_share > 0) || !(settings.max_share <= 1)) {
    fail(ErrorCode::kUsage, "--negative-max-share is {}; it must be above 0 and at most 1",
         settings.max_share);
  }
  if (settings.max_score && !std::isfinite(*settings.max_score)) {
    fail(ErrorCode::kUsage, "--negative-max-score is {}; a finite number is wanted",
         *settings.max_score);
  }
}

void PageHeadings::add(int32_t page, std::string_view folded) {
  if (folded.empty()) return;
  if (static_cast<size_t>(page) >= hashes_.size()) hashes_.resize(static_cast<size_t>(page) + 1);
  auto& hashes = hashes_[page];
  const uint64_t hash = heading_hash(folded);
  const auto at = std::lower_bound(hashes.begin(), hashes.end(), hash);
  if (at == hashes.end() || *at != hash) hashes.insert(at, hash);
}

const std::vector<uint64_t>& PageHeadings::of(int32_t page) const {
  static const std::vector<uint64_t> none;
  return static_cast<size_t>(page) < hashes_.size() ? hashes_[page] : none;
}

bool PageHeadings::has(int32_t page, std::string_view folded) const {
  const auto& hashes = of(page);
  return std::binary_search(hashes.begin(), hashes.end(), heading_hash(folded));
}

bool PageHeadings::share(int32_t a, int32_t b) const {
  const auto& one = of(a);
  const auto& other = of(b);
  return std::any_of(one.begin(), one.end(), [&](uint64_t hash) {
    return std::binary_search(other.begin(), other.end(), hash);
  });
}

std::vector<Negative> mine_negatives(std::span<const CorpusQuery> queries, const Corpus& corpus,
                                     const PageHeadings& headings, std::span<Ranker* const> rankers,
                                     const NegativeSettings& settings, Audit& audit) {
  check_settings(settings);
  RECTO_CHECK(settings.per_query > 0);
  const NegativeMiner miner(queries, corpus, headings, settings);
  std::map<std::string, std::vector<int32_t>> by_split;
  for (size_t q = 0; q < queries.size(); ++q) {
    by_split[corpus.document_of(queries[q].pages.front()).split].push_back(static_cast<int32_t>(q));
  }
  Progress progress("hard negatives", queries.size());
  std::vector<Negative> negatives;
  for (const auto& [split, members] : by_split) {
    const std::vector<uint8_t> allowed = pages_of_split(corpus, split);
    for (size_t first = 0; first < members.size(); first += kBatch) {
      const std::span batch =
          std::span(members).subspan(first, std::min(kBatch, members.size() - first));
      miner.mine(batch, rankers, allowed, negatives);
      progress.advance(batch.size());
    }
  }
  const auto place = [](const Negative& n) { return std::tuple(n.query, n.miner, n.rank); };
  std::sort(negatives.begin(), negatives.end(),
            [&](const Negative& a, const Negative& b) { return place(a) < place(b); });
  record(queries, rankers, settings, negatives, audit);
  return negatives;
}

}  // namespace recto
