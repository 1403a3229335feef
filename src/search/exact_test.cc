#include "search/exact.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/cpu.h"
#include "base/random.h"
#include "search/dot_kernels.h"

namespace recto {
namespace {

Matrix random_matrix(int64_t rows, int64_t columns, uint64_t seed) {
  Matrix matrix(rows, columns);
  Random random(seed);
  for (float& value : matrix.values) value = static_cast<float>(random.normal());
  return matrix;
}

std::vector<std::string> numbered_ids(int64_t count) {
  std::vector<std::string> ids;
  for (int64_t i = 0; i < count; ++i) ids.push_back("d" + std::to_string(i));
  return ids;
}

std::vector<std::pair<const char*, DotKernel>> kernels() {
  std::vector<std::pair<const char*, DotKernel>> all = {{"sse", dots_sse}};
  if (cpu_features().avx2) all.emplace_back("avx2", dots_avx2);
  if (cpu_features().avx512) all.emplace_back("avx512", dots_avx512);
  return all;
}

TEST(DotKernels, EqualDoublePrecisionWithinRounding) {
  for (const auto& [name, kernel] : kernels()) {
    for (const int64_t dims : {1, 3, 8, 16, 31, 100, 576}) {
      SCOPED_TRACE(std::string(name) + " " + std::to_string(dims));
      const Matrix rows = random_matrix(11, dims, 1);
      const Matrix queries = random_matrix(7, dims, 2);
      std::vector<float> scores(7 * 20, -1.0f);
      kernel(rows.values.data(), 11, queries.values.data(), 7, dims, scores.data(), 20);
      for (int64_t q = 0; q < 7; ++q) {
        for (int64_t r = 0; r < 11; ++r) {
          double exact = 0;
          double size = 0;
          for (int64_t i = 0; i < dims; ++i) {
            const double product = double{rows.row(r)[i]} * double{queries.row(q)[i]};
            exact += product;
            size += std::abs(product);
          }
          EXPECT_NEAR(scores[q * 20 + r], exact, 1e-6 * size + 1e-12);
        }
        EXPECT_EQ(scores[q * 20 + 11], -1.0f) << "wrote beyond the rows";
      }
    }
  }
}

TEST(DotKernels, AScoreDoesNotDependOnItsNeighbours) {
  for (const auto& [name, kernel] : kernels()) {
    for (const int64_t dims : {1, 7, 37, 130}) {
      SCOPED_TRACE(std::string(name) + " " + std::to_string(dims));
      const Matrix rows = random_matrix(13, dims, 3);
      const Matrix queries = random_matrix(9, dims, 4);
      std::vector<float> together(9 * 13);
      kernel(rows.values.data(), 13, queries.values.data(), 9, dims, together.data(), 13);
      for (int64_t q = 0; q < 9; ++q) {
        for (int64_t r = 0; r < 13; ++r) {
          float alone = 0;
          kernel(rows.row(r).data(), 1, queries.row(q).data(), 1, dims, &alone, 1);
          EXPECT_EQ(alone, together[q * 13 + r]);
        }
      }
    }
  }
}

/// Sorts everything.
std::vector<Neighbour> slow_ranking(const Matrix& rows, const std::vector<std::string>& ids,
                                    std::span<const float> query, size_t k) {
  std::vector<Neighbour> all;
  for (int64_t r = 0; r < rows.rows; ++r) {
    float score = 0;
    dot_kernel()(rows.row(r).data(), 1, query.data(), 1, rows.columns, &score, 1);
    all.push_back({r, score});
  }
  std::sort(all.begin(), all.end(), [&](const Neighbour& a, const Neighbour& b) {
    return a.score != b.score ? a.score > b.score : ids[a.row] > ids[b.row];
  });
  all.resize(std::min(k, all.size()));
  return all;
}

TEST(ExactSearch, EqualsSortingEverythingForAnyThreadsAndBatch) {
  struct Case {
    int64_t rows, queries, k;
  };
  for (const Case& test : {Case{1, 1, 1}, Case{5, 3, 10}, Case{1500, 2, 7}, Case{1300, 60, 100},
                           Case{2000, 1, 2000}}) {
    const Matrix rows = random_matrix(test.rows, 24, 5);
    const Matrix queries = random_matrix(test.queries, 24, 6);
    const auto ids = numbered_ids(test.rows);
    const ExactSearch search(ids, rows.values.data(), 24);
    const auto one = search.search(queries, test.k, 1);
    ASSERT_EQ(std::ssize(one), test.queries);
    EXPECT_EQ(search.search(queries, test.k, 3), one);
    for (int64_t q = 0; q < test.queries; ++q) {
      EXPECT_EQ(one[q], slow_ranking(rows, ids, queries.row(q), static_cast<size_t>(test.k)));
    }
  }
}

TEST(ExactSearch, TiesAreByIdDescending) {
  Matrix rows(6, 2);  // all equal
  std::fill(rows.values.begin(), rows.values.end(), 1.0f);
  const std::vector<std::string> ids = {"b", "a", "d10", "é", "d9", "B"};
  const ExactSearch search(ids, rows.values.data(), 2);
  Matrix query(1, 2);
  query.values = {1.0f, 1.0f};
  std::vector<std::string> found;
  const auto hits = search.search(query, 4, 2);
  for (const Neighbour& hit : hits[0]) found.push_back(ids[hit.row]);
  EXPECT_EQ(found, (std::vector<std::string>{"é", "d9", "d10", "b"}));
}

TEST(ExactSearch, AScoreThatIsNotANumberRanksLast) {
  Matrix rows(5, 1);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  rows.values = {nan, 1.0f, nan, 3.0f, 2.0f};
  const ExactSearch search(numbered_ids(5), rows.values.data(), 1);
  Matrix query(1, 1);
  query.values = {1.0f};
  const auto hits = search.search(query, 5, 1)[0];
  EXPECT_EQ(hits[0].row, 3);
  EXPECT_EQ(hits[2].row, 1);
  EXPECT_EQ(hits[3].row, 2) << "d2 before d0";
  EXPECT_TRUE(std::isinf(hits[4].score));
}

TEST(ExactSearch, NothingToFindOrToAsk) {
  const ExactSearch empty({}, nullptr, 4);
  EXPECT_EQ(empty.search(random_matrix(2, 4, 1), 5, 2).size(), 2u);
  EXPECT_TRUE(empty.search(Matrix(0, 4), 5, 2).empty());
}

}  // namespace
}  // namespace recto
