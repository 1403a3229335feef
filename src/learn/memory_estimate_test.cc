#include "learn/memory_estimate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "learn/train_test_support.h"

namespace recto {
namespace {

ModelConfig some_config() {
  return read_model_config(test::goldens() / "models" / test::golden_models().front());
}

TEST(MemoryEstimateTest, AChunkIsTheWholeStepOrThePowerOfTwoThatFits) {
  const ModelConfig config = some_config();
  const uint64_t page = page_activation_bytes(config, 5, /*vision_trained=*/true);
  MemoryRequest request;
  request.pages_in_step = 24;
  request.views = 5;
  request.vision_trained = true;
  EXPECT_EQ(estimate_memory(config, request, 2 * 24 * page).chunk_size, 24);
  EXPECT_EQ(estimate_memory(config, request, 2 * 23 * page).chunk_size, 16);
  EXPECT_EQ(estimate_memory(config, request, page).chunk_size, 1);
  request.queries_in_step = 17;  // a little more than a page
  const uint64_t queries = page * 17 / 16;
  EXPECT_EQ(estimate_memory(config, request, 2 * 25 * page).chunk_size, 16);
  EXPECT_EQ(estimate_memory(config, request, 2 * 25 * page).activations, 16 * page);
  EXPECT_EQ(estimate_memory(config, request, 2 * 25 * page).page, page);
  EXPECT_EQ(estimate_memory(config, request, 2 * 26 * page).chunk_size, 24);
  EXPECT_EQ(estimate_memory(config, request, 2 * 26 * page).activations, 24 * page + queries);
  request.chunk_size = 7;
  EXPECT_EQ(estimate_memory(config, request, page).chunk_size, 7);
  EXPECT_EQ(estimate_memory(config, request, page).activations, 7 * page);
}

TEST(MemoryEstimateTest, ASparseOutputTakesRowsOverTheVocabulary) {
  const ModelConfig config = some_config();
  MemoryRequest request;
  request.pages_in_step = 24;
  request.views = 5;
  const MemoryEstimate dense = estimate_memory(config, request, 1'000'000'000);
  request.sparse = true;
  const MemoryEstimate both = estimate_memory(config, request, 1'000'000'000);
  const uint64_t row = static_cast<uint64_t>(config.text.vocab_size) * sizeof(float);
  EXPECT_EQ(both.sparse, row * (10 * 24 + 3 * 5 * static_cast<uint64_t>(config.image_seq_len())));
  EXPECT_EQ(both.total() - dense.total(), both.sparse);
  EXPECT_EQ(dense.text().find("sparse"), std::string::npos);
  EXPECT_NE(both.text().find("sparse output"), std::string::npos);
}

TEST(MemoryEstimateTest, FrozenVisionTakesFeaturesInsteadOfActivations) {
  const ModelConfig config = some_config();
  EXPECT_LT(page_activation_bytes(config, 5, false), page_activation_bytes(config, 5, true));
  MemoryRequest request;
  request.pages_in_step = 2;
  request.pages_in_data = 10;
  request.views = 5;
  const uint64_t all = 10 * page_feature_bytes(config, 5);
  EXPECT_EQ(estimate_memory(config, request, 100 * all).features, all);
  EXPECT_EQ(estimate_memory(config, request, all).features, all / 4);
  EXPECT_THAT(estimate_memory(config, request, all).text(), testing::HasSubstr("MB available"));
  request.feature_value_bytes = 2;
  EXPECT_EQ(estimate_memory(config, request, 100 * all).features, all / 2);
  request.feature_store = true;
  EXPECT_EQ(estimate_memory(config, request, 100 * all).features, 0u);
  EXPECT_EQ(estimate_memory(config, request, 100 * all).feature_limit, all / 2);
  request.weights = true;
  EXPECT_EQ(estimate_memory(config, request, 100 * all).feature_limit,
            10U * 2 * static_cast<uint64_t>(config.text.vocab_size));
}

TEST(MemoryEstimateTest, WhatComputesFeaturesAndTheProgramCount) {
  const ModelConfig config = some_config();
  MemoryRequest request;
  request.pages_in_step = request.views = 1;
  const uint64_t without = estimate_memory(config, request, 1 << 30).total();
  EXPECT_GT(without, kProgramBytes);
  request.encoder = encoder_bytes(config);
  EXPECT_GT(request.encoder, 0u);
  EXPECT_EQ(estimate_memory(config, request, 1 << 30).total(), without + request.encoder);
}

TEST(MemoryEstimateTest, PassagesAloneAreTheLargestPages) {
  const ModelConfig config = some_config();
  MemoryRequest request;
  request.pages_in_step = 8;
  request.passage_tokens = 512;
  EXPECT_EQ(estimate_memory(config, request, 1 << 30).page,
            activation_bytes(config, 512, 0, false));
  request.views = 1;
  request.vision_trained = true;
  EXPECT_EQ(
      estimate_memory(config, request, 1 << 30).page,
      std::max(activation_bytes(config, 512, 0, true), page_activation_bytes(config, 1, true)));
}

TEST(MemoryEstimateTest, WhatIsComputedAgainOrRoundedTakesLess) {
  const ModelConfig config = some_config();
  const auto bytes = [&](bool recompute, bool bf16) {
    return page_activation_bytes(config, 5, /*vision_trained=*/true, recompute, bf16);
  };
  EXPECT_LT(bytes(true, false), bytes(false, false));
  EXPECT_LT(bytes(false, true), bytes(false, false));
  EXPECT_LT(bytes(true, true), bytes(true, false));
  MemoryRequest request;
  request.pages_in_step = request.chunk_size = 4;
  request.views = 5;
  const MemoryEstimate plain = estimate_memory(config, request, 1 << 30);
  request.recompute = true;
  const MemoryEstimate recomputed = estimate_memory(config, request, 1 << 30);
  EXPECT_LT(recomputed.activations, plain.activations);
  EXPECT_EQ(recomputed.page, plain.page) << "chunks are cut the same";
}

TEST(MemoryEstimateTest, WhatWeightsAndOptimiserTakeIsNotFree) {
  const ModelConfig config = some_config();
  const uint64_t page = page_activation_bytes(config, 5, false);
  MemoryRequest request;
  request.parameters = 1000;
  request.trained = 10;
  request.pages_in_step = 8;
  request.views = 5;
  const uint64_t least = 4 * 1000 + 3 * 4 * 10;
  EXPECT_EQ(estimate_memory(config, request, least + 16 * page).chunk_size, 8);
  EXPECT_EQ(estimate_memory(config, request, least + 16 * page - 1).chunk_size, 4);
  EXPECT_NO_THROW(estimate_memory(config, request, least).check());
  const Error error = test::error_of([&] { estimate_memory(config, request, least - 1).check(); });
  EXPECT_EQ(error.code(), ErrorCode::kLimit);
  EXPECT_THAT(error.what(), testing::HasSubstr("--method lora"));
}

TEST(MemoryEstimateTest, HardNegativesCountWhereTheDataHasThem) {
  TrainingData data;
  data.pages.resize(100);
  data.queries = {{"a", "text", {0}, {}}, {"b", "text", {1}, {2, 3}}};
  EXPECT_EQ(most_pages_in_step(data, 8, 0, false), 8);
  EXPECT_EQ(most_pages_in_step(data, 8, 1, false), 16);
  EXPECT_EQ(most_pages_in_step(data, 8, 5, false), 24);
  EXPECT_EQ(most_pages_in_step(data, 8, 5, true), 48);
  EXPECT_EQ(most_pages_in_step(data, 80, 5, false), 100);
}

TEST(MemoryEstimateTest, ThePageWithTheMostViewsCounts) {
  const ViewSettings settings{.longest_edge = 128, .tile = 64};
  TrainingData::Page wide{"a", "train", "d", "", 200, 50}, square{"b", "train", "d", "", 80, 80};
  EXPECT_EQ(most_views({wide, square}, settings), view_grid(80, 80, settings).views());
  EXPECT_EQ(most_views({wide, square}, {.longest_edge = 128, .tile = 64, .image_splitting = false}),
            1);
  TrainingData::Page passage;
  passage.passage = "text";
  EXPECT_EQ(most_views({passage}, settings), 0);
  EXPECT_EQ(most_views({passage, wide}, settings), most_views({wide}, settings));
}

}  // namespace
}  // namespace recto
