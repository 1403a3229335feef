// Pairs out of a dataset, what is held out, and the order of the steps.

#include "learn/training_data.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "learn/hold_out.h"
#include "learn/train_test_support.h"

namespace recto {
namespace {

using test::error_of;
using testing::HasSubstr;

class TrainingDataTest : public testing::Test {
 protected:
  std::filesystem::path write(const test::SmallDataset& options) {
    const std::filesystem::path path = directory_.path() / "data";
    test::write_small_dataset(path, options);
    return path;
  }
  TemporaryDirectory directory_;
};

TEST_F(TrainingDataTest, EveryQrelsRowIsAPairAndNegativesComeByRank) {
  const Dataset dataset = Dataset::open(write({}));
  const TrainingData data = load_training_data(dataset, "train");
  EXPECT_EQ(data.pages.size(), 18u);
  EXPECT_EQ(data.queries.size(), 36u);
  EXPECT_EQ(data.pairs.size(), 36u);
  for (const TrainingData::Query& query : data.queries) {
    ASSERT_EQ(query.positives.size(), 1u);
    ASSERT_EQ(query.negatives.size(), 1u);
    EXPECT_NE(query.positives[0], query.negatives[0]);
  }
}

TEST_F(TrainingDataTest, WithoutValidationAFamilyIsHeldOut) {
  const Dataset dataset = Dataset::open(write({}));
  TrainingData train = load_training_data(dataset, "train");
  const TrainingData held = hold_out(dataset, train, 0);
  EXPECT_EQ(held.queries.size(), 6u);
  EXPECT_EQ(train.queries.size(), 30u);
  std::set<std::string> documents;
  for (const TrainingData::Page& page : held.pages) documents.insert(page.document_id);
  ASSERT_EQ(documents.size(), 1u);
  EXPECT_EQ(train.pages.size(), 15u);
  for (const TrainingData::Page& page : train.pages) {
    EXPECT_EQ(documents.count(page.document_id), 0u);
  }
  for (const TrainingData::Query& query : train.queries) {
    const std::string page = train.pages[query.positives[0]].id;
    const std::string negative = train.pages[query.negatives[0]].id;
    EXPECT_EQ(page.substr(0, 64), negative.substr(0, 64)) << "places moved apart";
  }
}

TEST_F(TrainingDataTest, AFamilyWithMuchOfTheQueriesIsNotHeldOut) {
  struct Case {
    const char* what;
    test::SmallDataset data;
    size_t held_out;
  };
  const Case cases[] = {
      {"one is large", {.families = 4, .pages = 2, .pages_of_first = 15}, 4},
      {"all are large, the first is the smallest", {.families = 3, .pages_of_first = 2}, 4},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.what);
    TemporaryDirectory directory;
    test::write_small_dataset(directory.path() / "data", one.data);
    const Dataset dataset = Dataset::open(directory.path() / "data");
    for (uint64_t seed = 0; seed < 8; ++seed) {
      TrainingData train = load_training_data(dataset, "train");
      const size_t all = train.queries.size();
      EXPECT_EQ(hold_out(dataset, train, seed).queries.size(), one.held_out) << seed;
      EXPECT_EQ(train.queries.size(), all - one.held_out) << seed;
    }
  }
}

TEST_F(TrainingDataTest, AValidationSplitIsTakenAndLimited) {
  const Dataset dataset = Dataset::open(write({.validation = true}));
  TrainingData train = load_training_data(dataset, "train");
  const TrainingData held = hold_out(dataset, train, 0);
  EXPECT_EQ(limit_queries(held, 100).queries.size(), 6u);
  EXPECT_EQ(train.queries.size(), 30u);
  const TrainingData two = limit_queries(held, 2);
  EXPECT_EQ(two.queries.size(), 2u);
  EXPECT_LE(two.pages.size(), 4u);
  for (const TrainingData::Query& query : two.queries) EXPECT_EQ(query.positives.size(), 1u);
}

TEST_F(TrainingDataTest, OneFamilyHoldsNothingOut) {
  const Dataset dataset = Dataset::open(write({.families = 1}));
  TrainingData train = load_training_data(dataset, "train");
  EXPECT_TRUE(hold_out(dataset, train, 0).queries.empty());
  EXPECT_EQ(train.queries.size(), 6u);
}

TEST_F(TrainingDataTest, AQrelsRowWithoutItsPageIsNamed) {
  const std::filesystem::path path = directory_.path() / "data";
  StagedDirectory staged(path);
  DatasetWriter writer(staged.path());
  writer.add("train", PageRow{.page_id = "p1", .image = encode_png(test::striped_page(1))});
  writer.add("train", QueryRow{.query_id = "q1", .query = "text"});
  writer.add("train", QrelRow{"q1", "p2", 1});
  writer.finish(Json::object(), "");
  staged.commit();
  const Error error = error_of([&] { load_training_data(Dataset::open(path), "train"); });
  EXPECT_EQ(error.code(), ErrorCode::kBadInput);
  EXPECT_THAT(error.what(), HasSubstr("the page \"p2\" is not in the dataset's train split"));
}

}  // namespace
}  // namespace recto
