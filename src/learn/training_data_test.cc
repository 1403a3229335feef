// Pairs out of a dataset, what is held out, and the order of the steps.

#include "learn/training_data.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "learn/contrastive_batch.h"
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

/// Three queries: 0 and 1 share page 0; 2 has page 1, near-duplicate of page 2.
TrainingData shared_pages() {
  TrainingData data;
  data.pages = {{"a", "train", "d", ""},
                {"b", "train", "d", "g"},
                {"c", "train", "d", "g"},
                {"e", "train", "d", ""}};
  data.queries = {{"q0", "one", {0}, {3}}, {"q1", "two", {0, 3}, {2}}, {"q2", "three", {1}, {2}}};
  data.pairs = {{0, 0}, {1, 0}, {1, 3}, {2, 1}};
  return data;
}

TEST(ContrastiveBatchTest, KnownAnswersAreNoNegatives) {
  const TrainingData data = shared_pages();
  const ContrastiveBatch batch = make_batch(data, {0, 1, 3}, {{3}, {2}, {2}});
  EXPECT_EQ(batch.pages, (std::vector<size_t>{0, 1, 3, 2}));  // page 0 and 2 are encoded once
  EXPECT_EQ(batch.owners, (std::vector<size_t>{0, 1, 2}));
  // Columns: the pages of q0, q1, q2, then the hard negatives e, c, c.
  const std::vector<std::vector<int>> want = {{0, 1, 0, 0, 0, 0},   // q1's page is q0's own again
                                              {1, 0, 0, 1, 0, 0},   // e answers q1
                                              {0, 0, 0, 0, 1, 1}};  // c shows the same as b
  const torch::Tensor mask = false_negative_mask(data, batch).to(torch::kInt32);
  for (int64_t i = 0; i < 3; ++i) {
    for (int64_t j = 0; j < 6; ++j) {
      EXPECT_EQ(mask[i][j].item<int>(), want[static_cast<size_t>(i)][static_cast<size_t>(j)])
          << i << " " << j;
    }
  }
}

TEST(ContrastiveBatchTest, TheSameQueryTextIsMasked) {
  TrainingData data = shared_pages();
  data.queries[2].text = "one";
  const torch::Tensor mask = false_negative_mask(data, make_batch(data, {0, 3}, {{}, {}}));
  EXPECT_TRUE(mask[0][1].item<bool>());
  EXPECT_TRUE(mask[1][0].item<bool>());
  EXPECT_FALSE(mask[0][0].item<bool>());
}

TEST(ContrastiveBatchTest, MaskedDocumentsTakeNoPartInTheLoss) {
  const TrainingData data = shared_pages();
  const ContrastiveBatch batch = make_batch(data, {0, 1}, {{}, {}});
  torch::Tensor vectors = torch::eye(4).narrow(0, 0, 3).clone().requires_grad_();
  const torch::Tensor loss =
      contrastive_loss(LossKind::kInfoNce, loss_input(vectors, data, batch, 0.02));
  EXPECT_EQ(loss.item<double>(), 0);  // nothing but the own page is left to compare with
}

}  // namespace
}  // namespace recto
