#include <atomic>
#include <limits>
#include <utility>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/threads.h"
#include "curate/ranker.h"
#include "data/query_text.h"
#include "search/lexical_index.h"

namespace recto {

namespace {

class Bm25Ranker : public Ranker {
 public:
  Bm25Ranker(const std::filesystem::path& file, const PageTexts& texts) : index_(file) {
    texts([this](int32_t page, std::string_view text) {
      throw_if_interrupted();
      RECTO_CHECK(page == index_.size());
      index_.add(text);
    });
    index_.finish();
  }

  std::string_view name() const override { return "bm25"; }

  std::string_view cannot_judge(int32_t page, std::string_view kind) const override {
    if (kind == kCrossLingualKind) return "cross-lingual";
    return index_.length(page) == 0 ? "page without text" : "";
  }

  std::vector<Ranking> rank(std::span<const CorpusQuery* const> queries, int k,
                            std::span<const uint8_t> allowed, int threads) override {
    while (std::ssize(searchers_) < threads) {
      searchers_.push_back(std::make_unique<LexicalSearcher>(index_));
    }
    std::vector<Ranking> rankings(queries.size());
    std::atomic<size_t> next{0};
    parallel_for(static_cast<size_t>(threads), threads, [&](size_t worker) {
      for (size_t i = next++; i < queries.size(); i = next++) {
        throw_if_interrupted();
        rankings[i] = rank_one(*searchers_[worker], *queries[i], k, allowed);
      }
    });
    return rankings;
  }

 private:
  static Ranking rank_one(LexicalSearcher& searcher, const CorpusQuery& query, int k,
                          std::span<const uint8_t> allowed) {
    searcher.score(query.row.query);
    Ranking ranking;
    for (const int32_t page : query.pages) {
      const double score = searcher.score_of(page);
      ranking.answer_scores.push_back(score > 0 ? score : -std::numeric_limits<double>::infinity());
    }
    ranking.answer_rank = searcher.best_rank(query.pages);
    for (const LexicalHit& hit : searcher.best(k, allowed)) {
      ranking.best.push_back({hit.text, hit.score});
    }
    return ranking;
  }

  LexicalIndex index_;
  std::vector<std::unique_ptr<LexicalSearcher>> searchers_;
};

}  // namespace

std::unique_ptr<Ranker> make_bm25_ranker(const std::filesystem::path& file,
                                         const PageTexts& texts) {
  return std::make_unique<Bm25Ranker>(file, texts);
}

}  // namespace recto
