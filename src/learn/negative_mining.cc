#include "learn/negative_mining.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <unordered_map>

#include "base/interrupt.h"
#include "base/random.h"
#include "base/threads.h"
#include "curate/folded_text.h"
#include "curate/negatives.h"
#include "search/dot_kernels.h"

namespace recto {
namespace {

constexpr int64_t kQueriesAtOnce = 16;

bool better(const RankedPage& a, const RankedPage& b) {
  return a.score != b.score ? a.score > b.score : a.page < b.page;
}

double score_or_last(float score) {
  return std::isnan(score) ? -std::numeric_limits<double>::infinity() : double{score};
}

Ranking ranking_of(std::span<const float> scores, const CorpusQuery& query, size_t k) {
  Ranking ranking;
  std::vector<RankedPage> all;
  all.reserve(scores.size());
  for (const float score : scores) {
    all.push_back({static_cast<int32_t>(all.size()), score_or_last(score)});
  }
  RankedPage answer{-1, 0};
  for (const int32_t page : query.pages) {
    const RankedPage& found = all[static_cast<size_t>(page)];
    ranking.answer_scores.push_back(found.score);
    if (answer.page < 0 || better(found, answer)) answer = found;
  }
  const bool answered = std::all_of(ranking.answer_scores.begin(), ranking.answer_scores.end(),
                                    [](double score) { return std::isfinite(score); });
  // Without the scores of all answers nothing can be said of the others.
  if (!answered) return ranking;
  ranking.answer_rank = 1 + std::count_if(all.begin(), all.end(), [&](const RankedPage& page) {
                          return better(page, answer);
                        });
  const auto end = all.begin() + static_cast<std::ptrdiff_t>(std::min(k, all.size()));
  std::partial_sort(all.begin(), end, all.end(), better);
  ranking.best.assign(all.begin(), end);
  return ranking;
}

/// Ranks all pages of a source by their vectors; queries and pages are rows.
class VectorRanker : public Ranker {
 public:
  /// `first` is the first of the corpus's queries: how a query is found again.
  VectorRanker(const Matrix& queries, const Matrix& pages, const CorpusQuery* first)
      : queries_(queries), pages_(pages), first_(first) {}

  std::string_view name() const override { return "model"; }
  std::string_view cannot_judge(int32_t, std::string_view) const override { return ""; }

  std::vector<Ranking> rank(std::span<const CorpusQuery* const> queries, int k,
                            std::span<const uint8_t>, int threads) override {
    std::vector<Ranking> rankings(queries.size());
    const int64_t count = std::ssize(queries);
    const int64_t slices = (count + kQueriesAtOnce - 1) / kQueriesAtOnce;
    parallel_for(static_cast<size_t>(slices), threads, [&](size_t slice) {
      throw_if_interrupted();
      const int64_t first = static_cast<int64_t>(slice) * kQueriesAtOnce;
      rank_slice(queries.subspan(static_cast<size_t>(first),
                                 static_cast<size_t>(std::min(kQueriesAtOnce, count - first))),
                 static_cast<size_t>(k), &rankings[static_cast<size_t>(first)]);
    });
    return rankings;
  }

 private:
  void rank_slice(std::span<const CorpusQuery* const> queries, size_t k, Ranking* out) const {
    Matrix asked(std::ssize(queries), queries_.columns);
    for (int64_t i = 0; i < asked.rows; ++i) {
      const auto row = queries_.row(queries[static_cast<size_t>(i)] - first_);
      std::copy(row.begin(), row.end(), asked.row(i).begin());
    }
    Matrix scores(asked.rows, pages_.rows);
    kernel_(pages_.values.data(), pages_.rows, asked.values.data(), asked.rows, pages_.columns,
            scores.values.data(), pages_.rows);
    for (int64_t i = 0; i < asked.rows; ++i) {
      out[i] = ranking_of(scores.row(i), *queries[static_cast<size_t>(i)], k);
    }
  }

  const Matrix& queries_;
  const Matrix& pages_;
  const CorpusQuery* first_;
  DotKernel kernel_ = dot_kernel();
};

/// A hash that is near no other: of a page whose looks are not known.
PerceptualHash hash_like_no_other(size_t page) {
  Random random(page);
  return {random.next(), random.next(), random.next(), random.next()};
}

Matrix rows_of(const Matrix& all, const std::vector<size_t>& rows) {
  Matrix some(std::ssize(rows), all.columns);
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto row = all.row(static_cast<int64_t>(rows[i]));
    std::copy(row.begin(), row.end(), some.row(static_cast<int64_t>(i)).begin());
  }
  return some;
}

}  // namespace

/// A source as curation sees a corpus: queries and pages by their place in it.
struct NegativeMiner::Source {
  Source(const TrainingData& data, size_t number, std::vector<int32_t>& place);
  std::vector<size_t> pages, queries;  // of the data
  Corpus corpus;
  std::vector<CorpusQuery> asked;
  PageHeadings headings;
};

NegativeMiner::Source::Source(const TrainingData& data, size_t number,
                              std::vector<int32_t>& place) {
  corpus.documents = {{"", "", "train"}};
  std::unordered_map<std::string, int32_t> groups;
  for (size_t i = 0; i < data.pages.size(); ++i) {
    const TrainingData::Page& page = data.pages[i];
    if (page.source != number) continue;
    place[i] = static_cast<int32_t>(pages.size());
    pages.push_back(i);
    CorpusPage& entry = corpus.pages.emplace_back();
    entry.number = static_cast<int>(pages.size());
    entry.hash = page.hash == PerceptualHash{} ? hash_like_no_other(i) : page.hash;
    entry.boilerplate = page.blank;
    if (!page.near_group.empty()) {
      entry.group =
          groups.emplace(page.near_group, static_cast<int32_t>(groups.size())).first->second;
    }
  }
  WordTokenizer tokenizer;
  for (size_t q = 0; q < data.queries.size(); ++q) {
    const TrainingData::Query& query = data.queries[q];
    if (query.source != number) continue;
    queries.push_back(q);
    CorpusQuery& entry = asked.emplace_back();
    entry.folded = FoldedText(tokenizer, query.text).joined();
    for (const size_t page : query.positives) entry.pages.push_back(place[page]);
    std::sort(entry.pages.begin(), entry.pages.end());
    if (query.kind != "heading") continue;
    for (const int32_t page : entry.pages) headings.add(page, entry.folded);
  }
}

NegativeMiner::NegativeMiner(const TrainingData& data, const MiningSettings& settings)
    : settings_(settings), queries_(data.queries.size()) {
  std::vector<int32_t> place(data.pages.size());
  for (size_t i = 0; i < std::max<size_t>(1, data.sources.size()); ++i) {
    auto source = std::make_unique<Source>(data, i, place);
    if (!source->queries.empty()) sources_.push_back(std::move(source));
  }
}

NegativeMiner::~NegativeMiner() = default;

NegativeLists NegativeMiner::mine(const Matrix& queries, const Matrix& pages) const {
  NegativeSettings settings;
  settings.first_rank = settings_.first_rank;
  settings.last_rank = settings_.last_rank;
  settings.per_query = settings_.per_query;
  settings.max_share = settings_.max_ratio;
  settings.max_score = settings_.max_score;
  settings.threads = settings_.threads;
  Audit nobody([](AuditRow&&) {});
  NegativeLists lists(queries_);
  for (const auto& source : sources_) {
    const Matrix of_queries = rows_of(queries, source->queries);
    const Matrix of_pages = rows_of(pages, source->pages);
    VectorRanker ranker(of_queries, of_pages, source->asked.data());
    Ranker* const rankers[] = {&ranker};
    for (const Negative& found : mine_negatives(source->asked, source->corpus, source->headings,
                                                rankers, settings, nobody)) {
      lists[source->queries[static_cast<size_t>(found.query)]].push_back(
          source->pages[static_cast<size_t>(found.page)]);
    }
  }
  return lists;
}

}  // namespace recto
