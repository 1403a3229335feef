#include "curate/judge_ranker.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/sha256.h"
#include "base/threads.h"
#include "curate/page_vectors.h"
#include "engine/embed_pipeline.h"
#include "search/dot_kernels.h"

namespace recto {

namespace {

/// Pages read at a time.
constexpr int64_t kBlockBytes = 16 << 20;
/// Pages scored at a time with the queries of a slice.
constexpr int64_t kRowStep = 512;
constexpr int64_t kQuerySlice = 48;

double score_or_last(float score) {
  return std::isnan(score) ? -std::numeric_limits<double>::infinity() : double{score};
}

bool better(const RankedPage& a, const RankedPage& b) {
  return a.score != b.score ? a.score > b.score : a.page < b.page;
}

std::string vectors_key(const Corpus& corpus, const Embedder& embedder) {
  Sha256 hash;
  hash.update(fmt::format("recto judge 1\n{}", embedder.model().contract().hash()));
  for (int32_t page = 0; page < std::ssize(corpus.pages); ++page) {
    hash.update(fmt::format("\n{}", corpus.page_id(page)));
  }
  return hash.hex();
}

/// One query on its way over the blocks of pages.
struct Search {
  Ranking ranking;
  RankedPage answer;  ///< the best one
  bool answered = false;

  void add_answer(int32_t page, double score) {
    ranking.answer_scores.push_back(score);
    const RankedPage found{page, score};
    if (!answered || better(found, answer)) answer = found;
    if (!answered) ranking.answer_rank = 1;
    answered = true;
  }

  void see(const RankedPage& page, size_t k, bool allowed) {
    if (answered && better(page, answer)) ++ranking.answer_rank;
    if (!allowed) return;
    auto& heap = ranking.best;
    if (heap.size() < k) {
      heap.push_back(page);
      std::push_heap(heap.begin(), heap.end(), better);
    } else if (k > 0 && better(page, heap.front())) {
      std::pop_heap(heap.begin(), heap.end(), better);
      heap.back() = page;
      std::push_heap(heap.begin(), heap.end(), better);
    }
  }
};

class JudgeRanker : public Ranker {
 public:
  JudgeRanker(const Corpus& corpus, Embedder& embedder, const std::filesystem::path& file,
              const PageImages& images)
      : corpus_(corpus),
        embedder_(embedder),
        vectors_(file, vectors_key(corpus, embedder),
                 embedder.model().contract().dimensions.front()) {
    if (vectors_.rows() < std::ssize(corpus.pages)) embed_pages(images);
    if (vectors_.rows() != std::ssize(corpus.pages)) {
      fail(ErrorCode::kInternal, "{}: vectors of {} pages, the corpus has {}", file.string(),
           vectors_.rows(), corpus.pages.size());
    }
  }

  std::string_view name() const override { return "judge"; }
  std::string_view cannot_judge(int32_t, std::string_view) const override { return ""; }

  std::vector<Ranking> rank(std::span<const CorpusQuery* const> queries, int k,
                            std::span<const uint8_t> allowed, int threads) override {
    const Matrix vectors = embed_queries(queries);
    std::vector<Search> searches(queries.size());
    score_answers(queries, vectors, searches);
    const int64_t block =
        std::max<int64_t>(kBlockBytes / (vectors_.dims() * static_cast<int64_t>(sizeof(float))), 1);
    std::vector<float> rows;
    for (int64_t first = 0; first < vectors_.rows(); first += block) {
      const int64_t count = std::min(block, vectors_.rows() - first);
      vectors_.read(first, count, rows);
      const int64_t slices = (vectors.rows + kQuerySlice - 1) / kQuerySlice;
      parallel_for(static_cast<size_t>(slices), threads, [&](size_t slice) {
        throw_if_interrupted();
        scan(rows, first, vectors, static_cast<int64_t>(slice) * kQuerySlice, k, allowed, searches);
      });
    }
    std::vector<Ranking> rankings;
    rankings.reserve(searches.size());
    for (Search& search : searches) {
      std::sort(search.ranking.best.begin(), search.ranking.best.end(), better);
      rankings.push_back(std::move(search.ranking));
    }
    return rankings;
  }

 private:
  void embed_pages(const PageImages& images) {
    const auto source = [&](EmbedIntake& intake) {
      images(static_cast<int32_t>(vectors_.rows()), [&](int32_t page, std::string&& image) {
        EmbedItem item;
        item.id = corpus_.page_id(page);
        item.where = fmt::format("page {}", item.id);
        item.trusted_image = std::move(image);
        intake.add(std::move(item));
      });
    };
    EmbedOptions options;
    options.label = "judge: pages";
    options.expected = corpus_.pages.size() - static_cast<uint64_t>(vectors_.rows());
    embed_all(embedder_, source, options, [&](const EmbeddedRow& row) {
      if (vectors_.rows() >= std::ssize(corpus_.pages) ||
          row.id != corpus_.page_id(static_cast<int32_t>(vectors_.rows()))) {
        fail(ErrorCode::kInternal, "the pages for the judge are not those of the corpus: {}",
             row.id);
      }
      vectors_.append(row.vector.first(static_cast<size_t>(vectors_.dims())));
    });
  }

  Matrix embed_queries(std::span<const CorpusQuery* const> queries) {
    const auto source = [&](EmbedIntake& intake) {
      for (const CorpusQuery* query : queries) {
        EmbedItem item;
        item.id = query->row.query_id;
        item.query = query->row.query;
        item.where = fmt::format("query {}", item.id);
        intake.add(std::move(item));
      }
    };
    EmbedOptions options;
    options.label = "judge: queries";
    options.expected = queries.size();
    Matrix vectors(std::ssize(queries), vectors_.dims());
    int64_t row = 0;
    embed_all(embedder_, source, options, [&](const EmbeddedRow& embedded) {
      std::copy_n(embedded.vector.begin(), vectors_.dims(), vectors.row(row++).begin());
    });
    RECTO_CHECK(row == vectors.rows);
    return vectors;
  }

  void score_answers(std::span<const CorpusQuery* const> queries, const Matrix& vectors,
                     std::vector<Search>& searches) const {
    std::vector<float> page_vector;
    for (size_t q = 0; q < queries.size(); ++q) {
      for (const int32_t page : queries[q]->pages) {
        vectors_.read(page, 1, page_vector);
        float score = 0;
        kernel_(page_vector.data(), 1, vectors.row(static_cast<int64_t>(q)).data(), 1,
                vectors_.dims(), &score, 1);
        searches[q].add_answer(page, score_or_last(score));
      }
    }
  }

  /// The pages `first`... in `rows` against the queries of one slice.
  void scan(const std::vector<float>& rows, int64_t first, const Matrix& vectors,
            int64_t first_query, int k, std::span<const uint8_t> allowed,
            std::vector<Search>& searches) const {
    const int64_t queries = std::min(kQuerySlice, vectors.rows - first_query);
    const int64_t count = std::ssize(rows) / vectors_.dims();
    std::vector<float> scores(static_cast<size_t>(queries * kRowStep));
    for (int64_t r = 0; r < count; r += kRowStep) {
      const int64_t step = std::min(kRowStep, count - r);
      kernel_(rows.data() + r * vectors_.dims(), step, vectors.row(first_query).data(), queries,
              vectors_.dims(), scores.data(), kRowStep);
      for (int64_t q = 0; q < queries; ++q) {
        Search& search = searches[first_query + q];
        for (int64_t i = 0; i < step; ++i) {
          const auto page = static_cast<int32_t>(first + r + i);
          search.see({page, score_or_last(scores[q * kRowStep + i])}, static_cast<size_t>(k),
                     allowed.empty() || allowed[page] != 0);
        }
      }
    }
  }

  const Corpus& corpus_;
  Embedder& embedder_;
  PageVectors vectors_;
  DotKernel kernel_ = dot_kernel();
};

}  // namespace

std::unique_ptr<Ranker> make_judge_ranker(const Corpus& corpus, Embedder& embedder,
                                          const std::filesystem::path& file,
                                          const PageImages& images) {
  return std::make_unique<JudgeRanker>(corpus, embedder, file, images);
}

}  // namespace recto
