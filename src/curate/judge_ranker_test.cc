#include "curate/judge_ranker.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/file.h"
#include "curate/page_vectors.h"
#include "engine/cpu_embedder.h"
#include "engine/embed_pipeline.h"
#include "page/encode.h"
#include "search/exact.h"
#include "support/support.h"

namespace recto {
namespace {

constexpr int kPages = 9;

/// Pages of one colour each.
std::string picture(int32_t page) {
  Image image{48, 64, std::vector<uint8_t>(size_t{48} * 64 * 3)};
  for (size_t i = 0; i < image.rgb.size(); ++i) {
    image.rgb[i] = static_cast<uint8_t>(i % 3 == static_cast<size_t>(page % 3) ? 25 * page : 200);
  }
  return encode_png(image);
}

class JudgeRankerTest : public ::testing::Test {
 protected:
  JudgeRankerTest()
      : embedder_(make_cpu_embedder(
            ModelDirectory::open(test::goldens() / "models" / test::golden_models().front()), {})) {
    corpus_.documents.push_back({"d", "f", "train"});
    for (int32_t i = 0; i < kPages; ++i) {
      CorpusPage page;
      page.number = i + 1;
      corpus_.pages.push_back(page);
    }
    for (int i = 0; i < 60; ++i) {
      CorpusQuery query;
      query.row.query_id = fmt::format("q{}", i);
      query.row.query = fmt::format("query of {} words {}", i, i * i);
      query.pages = {i % kPages};
      if (i % 4 == 0) query.pages.push_back(kPages - 1);
      queries_.push_back(query);
    }
    for (const CorpusQuery& query : queries_) asked_.push_back(&query);
  }

  PageImages images() {
    return [this](int32_t first, const auto& visit) {
      for (int32_t page = first; page < kPages; ++page) {
        ++given_;
        visit(page, picture(page));
      }
    };
  }

  std::unique_ptr<Ranker> make() {
    return make_judge_ranker(corpus_, *embedder_, directory_.path() / "judge", images());
  }

  /// Vectors of the pages or queries, the plain way.
  Matrix embed(const std::vector<EmbedItem>& items) {
    Matrix out;
    embed_all(*embedder_, items, {}, [&](const EmbeddedRow& row) {
      out.columns = std::ssize(row.vector);
      out.values.insert(out.values.end(), row.vector.begin(), row.vector.end());
      ++out.rows;
    });
    return out;
  }

  TemporaryDirectory directory_;
  std::unique_ptr<Embedder> embedder_;
  Corpus corpus_;
  std::vector<CorpusQuery> queries_;
  std::vector<const CorpusQuery*> asked_;
  int given_ = 0;
};

TEST_F(JudgeRankerTest, RanksAsExactSearchDoes) {
  std::vector<EmbedItem> pages(kPages);
  std::vector<EmbedItem> queries(queries_.size());
  std::vector<std::string> ids;
  for (int32_t i = 0; i < kPages; ++i) {
    pages[i].trusted_image = picture(i);
    ids.push_back(fmt::format("{}", 9 - i));  // ties by id descending are ties by page
  }
  for (size_t i = 0; i < queries.size(); ++i) queries[i].query = queries_[i].row.query;
  const Matrix page_vectors = embed(pages);
  const ExactSearch search(ids, page_vectors.values.data(), page_vectors.columns);
  const auto wanted = search.search(embed(queries), kPages, 1);

  const auto ranker = make();
  EXPECT_EQ(ranker->name(), "judge");
  EXPECT_EQ(ranker->cannot_judge(0, "cross_lingual"), "");
  for (const int threads : {1, 3}) {
    const auto rankings = ranker->rank(asked_, 5, {}, threads);
    for (size_t q = 0; q < asked_.size(); ++q) {
      ASSERT_EQ(rankings[q].best.size(), 5u);
      int64_t first = kPages;
      for (size_t i = 0; i < wanted[q].size(); ++i) {
        const Neighbour& hit = wanted[q][i];
        if (i < 5) {
          EXPECT_EQ(rankings[q].best[i].page, hit.row);
          EXPECT_EQ(rankings[q].best[i].score, hit.score);
        }
        for (size_t a = 0; a < queries_[q].pages.size(); ++a) {
          if (queries_[q].pages[a] != hit.row) continue;
          first = std::min(first, static_cast<int64_t>(i));
          EXPECT_EQ(rankings[q].answer_scores[a], hit.score);
        }
      }
      EXPECT_EQ(rankings[q].answer_rank, first + 1);
    }
  }
}

TEST_F(JudgeRankerTest, OnlyAllowedPagesAndNone) {
  const auto ranker = make();
  const std::vector<uint8_t> allowed = {0, 1, 0, 0, 1, 0, 0, 0, 0};
  for (const Ranking& ranking : ranker->rank(asked_, 5, allowed, 1)) {
    std::vector<int32_t> pages;
    for (const RankedPage& page : ranking.best) pages.push_back(page.page);
    EXPECT_THAT(pages, ::testing::UnorderedElementsAre(1, 4));
  }
  EXPECT_TRUE(ranker->rank(asked_, 0, {}, 1)[0].best.empty());
  EXPECT_TRUE(ranker->rank({}, 5, {}, 1).empty());
}

TEST_F(JudgeRankerTest, GoesOnWhereItStopped) {
  make();
  EXPECT_EQ(given_, kPages);
  const std::string whole = read_file(directory_.path() / "judge");
  make();
  EXPECT_EQ(given_, kPages) << "all vectors are there";
  const size_t row = (whole.size() - 64) / kPages;
  write_file(directory_.path() / "judge", whole.substr(0, 64 + 4 * row + row / 2));
  make();
  EXPECT_EQ(given_, kPages + 5) << "four whole ones were there";
  EXPECT_EQ(read_file(directory_.path() / "judge"), whole);
  corpus_.documents[0].document_id = "e";
  make();
  EXPECT_EQ(given_, 2 * kPages + 5) << "vectors of other pages are not taken";
}

TEST_F(JudgeRankerTest, OtherPagesThanTheCorpusHasAreRefused) {
  const auto build = [&](std::vector<int32_t> pages) {
    make_judge_ranker(corpus_, *embedder_, directory_.path() / "wrong",
                      [&](int32_t, const auto& visit) {
                        for (const int32_t page : pages) visit(page, picture(page));
                      });
  };
  EXPECT_THROW(build({0, 2, 3}), Error);
  EXPECT_THROW(build({0, 1}), Error);
}

TEST(PageVectorsTest, KeysAndRows) {
  TemporaryDirectory directory;
  const std::string key(64, 'k');
  {
    PageVectors vectors(directory.path() / "v", key, 2);
    vectors.append(std::vector<float>{1, 2});
    vectors.append(std::vector<float>{3, 4});
  }
  PageVectors again(directory.path() / "v", key, 2);
  ASSERT_EQ(again.rows(), 2);
  std::vector<float> out;
  again.read(1, 1, out);
  EXPECT_EQ(out, (std::vector<float>{3, 4}));
  PageVectors other(directory.path() / "v", std::string(64, 'o'), 2);
  EXPECT_EQ(other.rows(), 0);
  EXPECT_THROW(PageVectors(directory.path() / "no/such/folder", key, 2), Error);
}

}  // namespace
}  // namespace recto
