// Gradients do not depend on how a batch is cut, and vectors not on their neighbours.

#include "learn/grad_cache.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/cpu.h"
#include "learn/contrastive_batch.h"
#include "learn/lora.h"
#include "learn/objective.h"
#include "learn/temperature.h"
#include "learn/train_test_support.h"
#include "learn/trained_size.h"

namespace recto {
namespace {

class GradCacheTest : public testing::Test {
 protected:
  void SetUp() override {
    at::set_num_threads(1);
    ContractOverrides overrides;
    overrides.longest_edge = 2 * read_model_config(test::any_model()).vision.image_size;
    directory_ = ModelDirectory::open(test::any_model(), overrides);
    for (int i = 0; i < 4; ++i) {
      if (i < 3) {
        queries_.push_back(directory_->inputs().query("query of number " + std::to_string(i)));
      }
      pages_.push_back(directory_->inputs().document(test::striped_page(i)));
    }
  }

  RetrieverModel model() const {
    RetrieverModel model(directory_->config(), directory_->contract());
    model->load(directory_->weights());
    return model;
  }

  std::vector<Sequence> sequences() const {
    std::vector<Sequence> all;
    for (const ModelInput& input : queries_) all.push_back({&input, {}, 10 + all.size()});
    for (const ModelInput& input : pages_) all.push_back({&input, {}, 10 + all.size()});
    return all;
  }

  /// The last page is a hard negative of the first and of the last query, and one pair is masked;
  /// the teacher knows everything but one score and one vector.
  LossInput loss_input(const torch::Tensor& vectors) const {
    const ContrastiveBatch batch{{0, 1, 2}, {0, 1, 2, 3}, {0, 1, 2}, {3, 3}, {0, 2}};
    LossInput input;
    set_vectors(input, vectors, batch);
    input.mask = torch::zeros({3, 5}, torch::kBool);
    input.mask[0][1] = true;
    input.repeated = torch::tensor({0, 0, 0, 0, 1}, torch::kInt32) == 1;
    input.teacher.vectors = torch::ones({8, vectors.size(1)}) / std::sqrt(vectors.size(1));
    input.teacher.has_vector = torch::arange(8) != 4;
    input.teacher.scores = torch::arange(15, torch::kFloat32).view({3, 5}) / 15;
    input.teacher.scores[1][2] = std::numeric_limits<float>::quiet_NaN();
    return input;
  }

  /// The loss; the gradients of `model` and `temperature` are set.
  double run(RetrieverModel& model, Chunks chunks, const Objective& objective,
             const Temperature& temperature) const {
    model->zero_grad();
    ChunkedEncoder encoder(model, sequences(), std::move(chunks), /*training=*/true);
    const torch::Tensor vectors = encoder.encode();
    LossInput input = loss_input(vectors);
    temperature.set(input);
    const torch::Tensor loss = evaluate_objective(objective, input).total;
    loss.backward();
    encoder.backward(vectors.grad());
    return loss.item<double>();
  }

  double run(RetrieverModel& model, const Chunks& chunks) const {
    return run(model, chunks, {}, Temperature(0.2, /*learned=*/false, torch::kCPU));
  }

  static std::vector<torch::Tensor> gradients(RetrieverModel& model) {
    std::vector<torch::Tensor> all;
    for (const auto& entry : model->named_parameters()) {
      const bool is_zero = entry.key().find("k_proj.bias") != std::string::npos;
      if (entry.value().grad().defined() && !is_zero) all.push_back(entry.value().grad().clone());
    }
    return all;
  }

  /// Loss and gradients of one pass over all seven inputs, with the gradient of log temperature
  /// behind them, against those of other cuts.
  void expect_independent_of_chunks(RetrieverModel model, const Objective& objective = {},
                                    bool learn_temperature = false) const {
    const Temperature temperature(0.2, learn_temperature, torch::kCPU);
    const auto gradients_of = [&](const Chunks& chunks, double& loss) {
      if (learn_temperature) temperature.parameter()->value.mutable_grad() = torch::Tensor();
      loss = run(model, chunks, objective, temperature);
      std::vector<torch::Tensor> all = gradients(model);
      if (learn_temperature) all.push_back(temperature.parameter()->value.grad().clone());
      return all;
    };
    double want_loss = 0, loss = 0;
    const std::vector<torch::Tensor> want = gradients_of({{0, 1, 2, 3, 4, 5, 6}}, want_loss);
    ASSERT_FALSE(want.empty());
    for (const Chunks& chunks : std::vector<Chunks>{{{0}, {1}, {2}, {3}, {4}, {5}, {6}},
                                                    {{0, 1, 2}, {3, 4, 5, 6}},
                                                    {{3, 5}, {0, 2, 4, 6}, {1}}}) {
      const std::vector<torch::Tensor> got = gradients_of(chunks, loss);
      EXPECT_NEAR(loss, want_loss, 1e-5 * std::max(1.0, std::abs(want_loss)));
      ASSERT_EQ(got.size(), want.size());
      for (size_t i = 0; i < got.size(); ++i) {
        EXPECT_LE((got[i] - want[i]).norm().item<double>(),
                  1e-4 * want[i].norm().item<double>() + 1e-6);
      }
    }
  }

  /// Adapters with dropout, on the text model or on all towers, that change something.
  RetrieverModel adapted(const std::string& targets, double dropout) const {
    RetrieverModel adapted = model();
    LoraOptions options;
    options.r = 4;
    options.dropout = dropout;
    options.target_modules = targets;
    add_lora(adapted, options, 1);
    const torch::NoGradGuard no_grad;
    for (auto& [path, linear] : adapted->linears()) {
      if (linear->adapted()) linear->lora_b->weight.normal_(0, 0.1);
    }
    return adapted;
  }

  std::shared_ptr<const ModelDirectory> directory_;
  std::vector<ModelInput> queries_, pages_;
};

TEST_F(GradCacheTest, FullGradientsDoNotDependOnTheChunks) {
  expect_independent_of_chunks(model());
}

TEST_F(GradCacheTest, NorDoThoseOfAdaptersWithDropout) {
  expect_independent_of_chunks(adapted(".*_proj", 0.3));  // in the vision tower too
}

TEST_F(GradCacheTest, NorDoThoseOfAnyLossWithALearnedTemperature) {
  const RetrieverModel model = adapted(lora_targets({}), 0.3);
  const int width = directory_->contract().dimensions.front();
  for (const char* losses :
       {"infonce", "symmetric", "binegative", "distill_cosine,infonce:0.1", "distill_kl",
        "infonce:0.5,binegative:2,distill_cosine:3,distill_kl:0.7,distill_margin_mse:5"}) {
    for (const bool matryoshka : {false, true}) {
      SCOPED_TRACE(fmt::format("{} matryoshka {}", losses, matryoshka));
      Objective objective{parse_losses({losses}), {width}, {}};
      if (matryoshka) objective.dimensions = {width, width / 2, width / 4};
      if (matryoshka) objective.dimension_weights = {1, 0.5, 0.25};
      expect_independent_of_chunks(model, objective, /*learn_temperature=*/true);
    }
  }
}

TEST_F(GradCacheTest, WhatIsComputedAgainChangesNoBit) {
  for (const bool lora : {false, true}) {
    RetrieverModel plain = model();
    if (lora) {
      LoraOptions options{.r = 4, .dropout = 0.3, .use_dora = true};
      options.target_modules = "all-linear";
      add_lora(plain, options, 1);
    }
    for (const Chunks& chunks :
         std::vector<Chunks>{{{0, 1, 2, 3, 4, 5, 6}}, {{0, 1, 2, 3}, {4, 5, 6}}}) {
      plain->set_computation(Precision::kFp32, /*recompute=*/false);
      const double loss = run(plain, chunks);
      const std::vector<torch::Tensor> want = gradients(plain);
      plain->set_computation(Precision::kFp32, /*recompute=*/true);
      EXPECT_EQ(run(plain, chunks), loss);
      const std::vector<torch::Tensor> got = gradients(plain);
      ASSERT_FALSE(want.empty());
      ASSERT_EQ(got.size(), want.size());
      for (size_t i = 0; i < got.size(); ++i) EXPECT_TRUE(got[i].equal(want[i])) << i;
    }
  }
}

TEST_F(GradCacheTest, InBf16VectorsAndGradientsAreNearAndPoolingIsFp32) {
  if (!cpu_features().avx512_bf16 && !cpu_features().amx_bf16) {
    GTEST_SKIP() << "this processor has no bf16";
  }
  RetrieverModel full = model();
  const double loss = run(full, {{0, 1, 2, 3, 4, 5, 6}});
  const std::vector<torch::Tensor> want = gradients(full);
  for (const bool recompute : {false, true}) {
    full->set_computation(Precision::kBf16, recompute);
    EXPECT_NEAR(run(full, {{0, 1, 2, 3, 4, 5, 6}}), loss, 0.1 * loss);
    const std::vector<torch::Tensor> got = gradients(full);
    ASSERT_EQ(got.size(), want.size());
    torch::Tensor difference = torch::zeros({1}), size = torch::zeros({1});
    for (size_t i = 0; i < got.size(); ++i) {
      EXPECT_EQ(got[i].scalar_type(), torch::kFloat32);
      difference += (got[i] - want[i]).square().sum();
      size += want[i].square().sum();
    }
    EXPECT_LE((difference / size).sqrt().item<double>(), 0.1);
    EXPECT_GT(difference.item<double>(), 0);
  }
  const torch::NoGradGuard no_grad;
  const std::vector<Sequence> all = sequences();
  const torch::Tensor rounded = full->forward(all);
  full->set_computation(Precision::kFp32, false);
  const torch::Tensor exact = full->forward(all);
  EXPECT_EQ(rounded.scalar_type(), torch::kFloat32);
  EXPECT_NEAR(rounded.norm(2, 1).min().item<double>(), 1, 1e-6);
  EXPECT_GE((rounded * exact).sum(1).min().item<double>(), 0.999);
  EXPECT_FALSE(rounded.equal(exact));
}

TEST_F(GradCacheTest, DropoutHangsOnTheSeedOfASequence) {
  const torch::NoGradGuard no_grad;
  RetrieverModel model = adapted(lora_targets({}), 0.5);
  const auto vector = [&](uint64_t seed, bool training) {
    const Sequence sequence{&queries_[0], {}, seed};
    return model->forward({&sequence, 1}, training);
  };
  EXPECT_TRUE(vector(1, true).equal(vector(1, true)));
  EXPECT_FALSE(vector(1, true).equal(vector(2, true)));
  EXPECT_TRUE(vector(1, false).equal(vector(2, false)));
}

TEST_F(GradCacheTest, GivenFeaturesChangeNothing) {
  const torch::NoGradGuard no_grad;
  RetrieverModel plain = model();
  const ModelInput text_only{.ids = pages_[0].ids};
  const Sequence with_images{&pages_[0], {}, 0};
  const Sequence with_features{&text_only, plain->visual_features(pages_[0]), 0};
  EXPECT_TRUE(plain->forward({&with_images, 1}).equal(plain->forward({&with_features, 1})));
}

TEST_F(GradCacheTest, BadInputsAreRefused) {
  RetrieverModel plain = model();
  const auto run_ids = [&](std::vector<int32_t> ids) {
    const ModelInput input{.ids = std::move(ids)};
    const Sequence sequence{&input, {}, 0};
    plain->forward({&sequence, 1});
  };
  EXPECT_EQ(test::error_of([&] { run_ids({1, directory_->config().text.vocab_size}); }).code(),
            ErrorCode::kBadInput);
  EXPECT_EQ(test::error_of([&] { run_ids({1, -1}); }).code(), ErrorCode::kBadInput);
  EXPECT_EQ(test::error_of([&] { run_ids({1, directory_->config().image_token_id}); }).code(),
            ErrorCode::kMismatch);
}

}  // namespace
}  // namespace recto
