#include "search/exact.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/threads.h"
#include "search/dot_kernels.h"
#include "search/id_order.h"

namespace recto {

namespace {

/// Queries that share a pass over the rows: their vectors stay in the second-level cache.
constexpr int64_t kQueryBlock = 48;
/// Rows scored before the scores are looked at.
constexpr int64_t kRowBlock = 512;

/// The k best of the rows offered, as a heap with the worst on top.
class TopK {
 public:
  TopK(int64_t k, const std::vector<int32_t>& place)
      : k_(static_cast<size_t>(k)), better_{&place} {}

  /// `scores[i]` belongs to row first + i.
  void offer(const float* scores, int64_t count, int64_t first) {
    for (int64_t i = 0; i < count; ++i) {
      // Written so that a NaN passes this test while the heap has room, and is set right below.
      if (heap_.size() == k_ && !(scores[i] >= heap_.front().score)) continue;
      offer(
          {first + i, std::isnan(scores[i]) ? -std::numeric_limits<float>::infinity() : scores[i]});
    }
  }

  void offer(const Neighbour& candidate) {
    if (heap_.size() < k_) {
      heap_.push_back(candidate);
      std::push_heap(heap_.begin(), heap_.end(), better_);
    } else if (better_(candidate, heap_.front())) {
      std::pop_heap(heap_.begin(), heap_.end(), better_);
      heap_.back() = candidate;
      std::push_heap(heap_.begin(), heap_.end(), better_);
    }
  }

  const std::vector<Neighbour>& unsorted() const { return heap_; }

  std::vector<Neighbour> take_sorted() {
    std::sort(heap_.begin(), heap_.end(), better_);
    return std::move(heap_);
  }

 private:
  struct Better {
    const std::vector<int32_t>* place;
    bool operator()(const Neighbour& a, const Neighbour& b) const {
      if (a.score != b.score) return a.score > b.score;
      return (*place)[a.row] < (*place)[b.row];
    }
  };

  size_t k_;
  Better better_;
  std::vector<Neighbour> heap_;
};

/// A block of queries against a range of rows.
struct Task {
  int64_t first_query, query_count;
  int64_t first_row, row_count;
};

/// Enough tasks for the threads: by queries first, and when those are few also by rows.
std::vector<Task> split_work(int64_t queries, int64_t rows, int threads) {
  const int64_t blocks = (queries + kQueryBlock - 1) / kQueryBlock;
  const int64_t parts = std::clamp<int64_t>((threads + blocks - 1) / std::max<int64_t>(blocks, 1),
                                            1, std::max<int64_t>(rows / kRowBlock, 1));
  std::vector<Task> tasks;
  for (int64_t q = 0; q < queries; q += kQueryBlock) {
    for (int64_t p = 0; p < parts; ++p) {
      const int64_t first = rows * p / parts;
      tasks.push_back(
          {q, std::min(kQueryBlock, queries - q), first, rows * (p + 1) / parts - first});
    }
  }
  return tasks;
}

}  // namespace

ExactSearch::ExactSearch(std::span<const std::string> ids, const float* vectors, int64_t dims)
    : vectors_(vectors), rows_(std::ssize(ids)), dims_(dims), place_(descending_places(ids)) {}

std::vector<std::vector<Neighbour>> ExactSearch::search(const Matrix& queries, int64_t k,
                                                        int threads) const {
  RECTO_CHECK(queries.rows == 0 || queries.columns == dims_);
  std::vector<std::vector<Neighbour>> results(queries.rows);
  k = std::min(k, rows_);
  if (k <= 0 || queries.rows == 0) return results;
  const DotKernel kernel = dot_kernel();
  const std::vector<Task> tasks = split_work(queries.rows, rows_, threads);
  std::vector<std::vector<TopK>> found(tasks.size());
  parallel_for(tasks.size(), threads, [&](size_t t) {
    const Task& task = tasks[t];
    found[t].assign(task.query_count, TopK(k, place_));
    std::vector<float> scores(task.query_count * kRowBlock);
    for (int64_t r = 0; r < task.row_count; r += kRowBlock) {
      throw_if_interrupted();
      const int64_t count = std::min(kRowBlock, task.row_count - r);
      const int64_t first = task.first_row + r;
      kernel(vectors_ + first * dims_, count, queries.values.data() + task.first_query * dims_,
             task.query_count, dims_, scores.data(), kRowBlock);
      for (int64_t q = 0; q < task.query_count; ++q) {
        found[t][q].offer(scores.data() + q * kRowBlock, count, first);
      }
    }
  });
  std::vector<TopK> merged(queries.rows, TopK(k, place_));
  for (size_t t = 0; t < tasks.size(); ++t) {
    for (int64_t q = 0; q < tasks[t].query_count; ++q) {
      for (const Neighbour& hit : found[t][q].unsorted()) {
        merged[tasks[t].first_query + q].offer(hit);
      }
    }
    found[t].clear();
  }
  for (int64_t q = 0; q < queries.rows; ++q) results[q] = merged[q].take_sorted();
  return results;
}

}  // namespace recto
