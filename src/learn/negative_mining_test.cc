// Which pages a query gets as hard negatives: by rank, score and what is known of them.

#include "learn/negative_mining.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "base/progress.h"
#include "base/random.h"

namespace recto {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// Unit vectors [n, 2] whose dot product with (1, 0) is the score.
Matrix with_scores(const std::vector<float>& scores) {
  Matrix vectors(std::ssize(scores), 2);
  for (size_t i = 0; i < scores.size(); ++i) {
    vectors.row(static_cast<int64_t>(i))[0] = scores[i];
    vectors.row(static_cast<int64_t>(i))[1] = std::sqrt(1 - scores[i] * scores[i]);
  }
  return vectors;
}

class NegativeMiningTest : public testing::Test {
 protected:
  /// A query that page 0 answers with the score 0.8, and six pages more, from 0.75 down.
  void SetUp() override {
    set_progress_shown(false);
    data_.sources = {{"one"}};
    for (int i = 0; i < 7; ++i) {
      TrainingData::Page page;
      page.id = std::to_string(i);
      data_.pages.push_back(page);
    }
    add_query("which page", {0});
  }
  void add_query(const std::string& text, std::vector<size_t> pages, const std::string& kind = "") {
    TrainingData::Query query;
    query.text = text;
    query.positives = std::move(pages);
    query.kind = kind;
    data_.queries.push_back(std::move(query));
  }

  std::vector<size_t> mine(MiningSettings settings = {}) const {
    return mine_with(settings, {0.8F, 0.75F, 0.74F, 0.73F, 0.72F, 0.71F, 0.7F});
  }
  std::vector<size_t> mine_with(const MiningSettings& settings,
                                const std::vector<float>& scores) const {
    const Matrix queries = with_scores(std::vector<float>(data_.queries.size(), 1.0F));
    return NegativeMiner(data_, settings).mine(queries, with_scores(scores)).front();
  }

  TrainingData data_;
};

TEST_F(NegativeMiningTest, TheBestBelowTheRatioOfTheAnswersScore) {
  EXPECT_THAT(mine({}), ElementsAre(1, 2, 3, 4, 5, 6));  // all below 0.76
  EXPECT_THAT(mine({.per_query = 2}), ElementsAre(1, 2));
  EXPECT_THAT(mine({.max_ratio = 0.92}), ElementsAre(3, 4, 5, 6));
  EXPECT_THAT(mine({.max_score = 0.725}), ElementsAre(4, 5, 6));
  EXPECT_THAT(mine({.first_rank = 2, .last_rank = 3}), ElementsAre(2, 3));
  EXPECT_THAT(mine_with({}, {-0.1F, -0.2F, -0.3F, -0.4F, -0.5F, -0.6F, -0.7F}), IsEmpty());
  EXPECT_THAT(mine_with({}, {NAN, 0.5F, 0.4F, 0.3F, 0.2F, 0.1F, 0.0F}), IsEmpty());
}

TEST_F(NegativeMiningTest, AnswersAreNone) {
  data_.queries[0].positives = {0, 2};
  EXPECT_THAT(mine({.max_ratio = 1}), ElementsAre(3, 4, 5, 6));  // the lowest answer has 0.74
  add_query("Which  page", {4});
  EXPECT_THAT(mine({.max_ratio = 1}), ElementsAre(3, 5, 6));
}

TEST_F(NegativeMiningTest, NeitherIsWhatShowsTheSameNorABlankPage) {
  data_.pages[0].near_group = data_.pages[2].near_group = "a";
  data_.pages[3].near_group = data_.pages[5].near_group = "b";  // of duplicates one
  data_.pages[4].blank = true;
  EXPECT_THAT(mine(), ElementsAre(1, 3, 6));
}

TEST_F(NegativeMiningTest, NorWhatLooksLikeAnAnswer) {
  data_.pages[0].hash = {1, 2, 3, 4};
  data_.pages[1].hash = {1, 2, 3, 5};
  data_.pages[2].hash = {~1ull, ~2ull, 3, 4};
  EXPECT_THAT(mine(), ElementsAre(2, 3, 4, 5, 6));
}

TEST_F(NegativeMiningTest, NorWhatStandsUnderTheSameHeading) {
  add_query("Safety", {0, 3}, "heading");
  add_query("Safety first", {0, 4}, "question");
  add_query("which page", {5}, "heading");
  EXPECT_THAT(mine(), ElementsAre(1, 2, 4, 6));
}

TEST_F(NegativeMiningTest, PagesOfAnotherSourceAreNotSearched) {
  data_.sources.push_back({"two"});
  for (const size_t page : {1, 2, 3}) data_.pages[page].source = 1;
  EXPECT_THAT(mine(), ElementsAre(4, 5, 6));
}

TEST_F(NegativeMiningTest, TheSameOnAnyNumberOfThreads) {
  Random random(1);
  for (int i = 0; i < 100; ++i) add_query("query " + std::to_string(i), {random.below(7)});
  const Matrix queries = with_scores(std::vector<float>(101, 0.9F));
  const Matrix pages = with_scores({0.8F, 0.75F, 0.74F, 0.73F, 0.72F, 0.71F, 0.7F});
  const NegativeLists one = NegativeMiner(data_, {.threads = 1}).mine(queries, pages);
  EXPECT_EQ(one.size(), 101u);
  EXPECT_EQ(NegativeMiner(data_, {.threads = 3}).mine(queries, pages), one);
}

TEST(NegativeChoiceTest, TheBestOrAnyOfThem) {
  TrainingData data;
  data.pairs = {{0, 0}, {1, 0}, {0, 1}};
  const NegativeLists lists = {{5, 3, 8, 1}, {2}};
  const std::vector<size_t> pairs = {2, 1, 0};
  const NegativeLists best = choose_negatives(data, lists, pairs, {.most = 2}, 0);
  EXPECT_EQ(best, (NegativeLists{{5, 3}, {2}, {5, 3}}));
  const NegativeChoice sampled{.most = 2, .sampled = true, .seed = 1};
  std::map<std::vector<size_t>, int> seen;
  for (int64_t step = 0; step < 600; ++step) {
    const NegativeLists chosen = choose_negatives(data, lists, pairs, sampled, step);
    EXPECT_EQ(chosen, choose_negatives(data, lists, pairs, sampled, step));
    EXPECT_EQ(chosen[1], (std::vector<size_t>{2}));
    ++seen[chosen[0]];
    ++seen[chosen[2]];
  }
  EXPECT_EQ(seen.size(), 6u);  // two of four
  for (const auto& [chosen, count] : seen) EXPECT_NEAR(count, 200, 60);
  EXPECT_THAT(choose_negatives(data, lists, {1}, {.most = 0}, 0), ElementsAre(IsEmpty()));
}

}  // namespace
}  // namespace recto
