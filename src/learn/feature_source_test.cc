// Features of pages: the same from wherever they come, and gradients through them those of a run
// without a cache.

#include "learn/feature_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/log.h"
#include "learn/lora.h"
#include "learn/losses.h"
#include "learn/train_test_support.h"
#include "learn/trained_size.h"
#include "learn/trainer.h"
#include "support/sparse_model.h"

namespace recto {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

PictureId picture(int page) {
  const std::string name = std::to_string(page);
  return {sha256_digest(as_bytes(name)), 64};
}

double relative_difference(const torch::Tensor& a, const torch::Tensor& b) {
  return ((a - b).norm() / b.norm()).item<double>();
}

class FeatureSourceTest : public testing::TestWithParam<std::string> {
 protected:
  static constexpr int kPages = 4;

  void SetUp() override {
    set_log_level(LogLevel::kWarning);
    at::set_num_threads(1);
    const fs::path path = test::goldens() / "models" / GetParam();
    const int edge = 2 * read_model_config(path).vision.image_size;
    directory_ = ModelDirectory::open(path, {.longest_edge = edge});
    model_ = RetrieverModel(directory_->config(), directory_->contract());
    model_->load(directory_->weights());
    add_lora(model_, {.r = 4, .target_modules = lora_targets({})}, 1);
    const torch::NoGradGuard no_grad;
    for (auto& entry : model_->named_parameters()) {
      // B is zero at first, and the gradient of A with it.
      if (entry.key().ends_with("lora_B.weight")) entry.value().fill_(0.01);
    }
    for (int i = 0; i < kPages; ++i) {
      pages_.push_back(directory_->inputs().document(test::striped_page(i)));
      queries_.push_back(directory_->inputs().query("query of number " + std::to_string(i)));
    }
  }

  std::unique_ptr<FeatureSource> source(const std::string& dtype = "fp32",
                                        const std::string& store = "") const {
    TrainSettings settings;
    settings.threads = 1;
    settings.feature_dtype = dtype;
    settings.feature_store = store;
    return std::make_unique<FeatureSource>(directory_, model_, settings, uint64_t{1} << 30);
  }

  std::vector<torch::Tensor> computed(FeatureSource& from) const {
    std::vector<FeatureSource::Missing> missing;
    for (int i = 0; i < kPages; ++i) missing.push_back({picture(i), &pages_[i]});
    std::vector<torch::Tensor> features;
    for (const PageFeatures& page : from.compute(missing)) features.push_back(page.features);
    return features;
  }

  /// Gradients of the adapters under InfoNCE; `features` is empty for a run without a cache.
  std::vector<torch::Tensor> gradients(const std::vector<torch::Tensor>& features) {
    model_->zero_grad();
    std::vector<Sequence> sequences;
    for (const ModelInput& query : queries_) sequences.push_back({&query, {}, 0});
    for (size_t i = 0; i < pages_.size(); ++i) {
      sequences.push_back({&pages_[i], features.empty() ? torch::Tensor() : features[i], 0});
    }
    const torch::Tensor vectors = model_->forward(sequences, /*training=*/true);
    LossInput input;
    input.queries = vectors.narrow(0, 0, kPages);
    input.positives = vectors.narrow(0, kPages, kPages);
    loss_value(LossKind::kInfoNce, input).backward();
    std::vector<torch::Tensor> all;
    for (const torch::Tensor& parameter : model_->parameters()) {
      if (parameter.grad().defined()) all.push_back(parameter.grad().clone());
    }
    return all;
  }

  std::shared_ptr<const ModelDirectory> directory_;
  RetrieverModel model_{nullptr};
  std::vector<ModelInput> pages_, queries_;
};

TEST_P(FeatureSourceTest, AModelWithoutEyesMakesTheSameOfFeatures) {
  const torch::NoGradGuard no_grad;
  RetrieverModel blind(directory_->config(), directory_->contract(), Eyes::kWithout);
  blind->load(directory_->weights());
  EXPECT_FALSE(blind->vision_trained());
  for (const auto& entry : blind->named_parameters()) {
    EXPECT_FALSE(is_vision_tensor(entry.key())) << entry.key();
  }
  RetrieverModel whole(directory_->config(), directory_->contract());
  whole->load(directory_->weights());
  const Sequence page{&pages_[0], whole->visual_features(pages_[0]), 0}, query{&queries_[0], {}, 0};
  const std::vector<Sequence> both = {page, query};
  EXPECT_TRUE(torch::equal(blind->forward(both), whole->forward(both)));
}

TEST_P(FeatureSourceTest, AModelWithoutEyesLooksAtTheWeightsItLeavesOut) {
  Weights weights = directory_->weights();
  const std::string name = "vision_model.post_layernorm.bias";
  std::vector<float> values = to_float(weights.at(name));
  values[1] = NAN;
  weights.replace(name, values);
  RetrieverModel blind(directory_->config(), directory_->contract(), Eyes::kWithout);
  EXPECT_THAT(test::error_of([&] { blind->load(weights); }).what(), HasSubstr(name));
}

TEST_P(FeatureSourceTest, TheEngineComputesWhatTorchComputes) {
  const auto engine = source();
  const std::vector<torch::Tensor> features = computed(*engine);
  EXPECT_EQ(model_->vision_views(), 0);
  for (int i = 0; i < kPages; ++i) {
    const torch::Tensor wanted = model_->visual_features(pages_[i]);
    EXPECT_LE((features[i] - wanted).abs().max().item<double>(), 5e-5) << i;
  }
}

TEST_P(FeatureSourceTest, BitsDependOnNothingButThePage) {
  const auto together = computed(*source());
  for (int i = kPages - 1; i >= 0; --i) {
    const FeatureSource::Missing one{picture(i), &pages_[i]};
    EXPECT_TRUE(torch::equal(source()->compute({&one, 1})[0].features, together[i])) << i;
  }
  TrainSettings two_threads;
  two_threads.threads = 2;
  FeatureSource threads(directory_, model_, two_threads, 0);
  const auto other = computed(threads);
  for (int i = 0; i < kPages; ++i) EXPECT_TRUE(torch::equal(other[i], together[i])) << i;
}

TEST_P(FeatureSourceTest, AStoreGivesBackTheBitsThatWereComputed) {
  const TemporaryDirectory directory;
  for (const char* dtype : {"fp32", "fp16", "bf16"}) {
    const std::string store = directory.path() / "store";
    const std::vector<torch::Tensor> first = computed(*source(dtype, store));
    const auto later = source(dtype, store);
    for (int i = 0; i < kPages; ++i) {
      const std::optional<PageFeatures> found = later->find(picture(i));
      ASSERT_TRUE(found.has_value());
      EXPECT_EQ(found->features.scalar_type(), first[i].scalar_type());
      EXPECT_TRUE(torch::equal(found->features, first[i])) << dtype << i;
      EXPECT_EQ(found->tiling, pages_[i].images[0]);
      EXPECT_EQ(directory_->inputs().document(found->tiling).ids, pages_[i].ids);
    }
    EXPECT_EQ(later->counts().from_store, kPages);
    EXPECT_EQ(later->counts().computed, 0);
    EXPECT_EQ(later->counts().vision_views, 0);
  }
}

TEST_P(FeatureSourceTest, AStoreKnowsTheTilesOfASecondEdge) {
  const TemporaryDirectory directory;
  const fs::path path = directory.path() / "model";
  fs::copy(test::goldens() / "models" / GetParam(), path, fs::copy_options::recursive);
  const int tile = directory_->config().vision.image_size;
  test::add_second_edge(path, 4 * tile);
  const std::string store = directory.path() / "store";
  computed(*source("fp32", store));  // of the model with one edge, under another key
  directory_ = ModelDirectory::open(path, {.longest_edge = 2 * tile});
  for (int i = 0; i < kPages; ++i) {
    pages_[i] = directory_->inputs().document(test::striped_page(i));
    EXPECT_GT(pages_[i].images[0].second_rows, 0);
  }
  const std::vector<torch::Tensor> first = computed(*source("fp32", store));
  const auto later = source("fp32", store);
  for (int i = 0; i < kPages; ++i) {
    const std::optional<PageFeatures> found = later->find(picture(i));
    ASSERT_TRUE(found.has_value());
    EXPECT_TRUE(torch::equal(found->features, first[i])) << i;
    EXPECT_EQ(found->tiling, pages_[i].images[0]);
    EXPECT_EQ(directory_->inputs().document(found->tiling).ids, pages_[i].ids);
    // The engine sees what torch sees, and in the same order.
    const torch::Tensor wanted = model_->visual_features(pages_[i]);
    EXPECT_LE((first[i] - wanted).abs().max().item<double>(), 5e-5) << i;
  }
}

TEST_P(FeatureSourceTest, GradientsAreThoseOfARunWithoutACache) {
  const std::vector<torch::Tensor> wanted = gradients({});
  EXPECT_GT(model_->vision_views(), 0);
  ASSERT_EQ(wanted.size(), 14u * directory_->config().text.num_hidden_layers);
  // Computed anew or kept in fp32, the engine's features give the same gradients to the bit;
  // `wanted` went through torch's tower, whose rounding a temperature of 0.02 makes 50 times
  // larger.
  const std::vector<torch::Tensor> once = gradients(computed(*source("fp32")));
  const std::vector<torch::Tensor> again = gradients(computed(*source("fp32")));
  for (size_t i = 0; i < once.size(); ++i) EXPECT_TRUE(torch::equal(once[i], again[i])) << i;
  // Relative to the norm of each gradient.
  for (const auto& [dtype, most] : {std::pair{"fp32", 5e-5}, {"fp16", 1e-2}, {"bf16", 1e-1}}) {
    const std::vector<torch::Tensor> found = gradients(computed(*source(dtype)));
    ASSERT_EQ(found.size(), wanted.size());
    double largest = 0;
    for (size_t i = 0; i < wanted.size(); ++i) {
      largest = std::max(largest, relative_difference(found[i], wanted[i]));
    }
    EXPECT_LE(largest, most) << dtype;
    RecordProperty(dtype, std::to_string(largest));
    std::printf("%s %s: gradients differ by %.2e\n", GetParam().c_str(), dtype, largest);
  }
}

TEST_P(FeatureSourceTest, WhatATypeCannotHoldIsAnError) {
  const torch::NoGradGuard no_grad;
  Weights weights = directory_->weights();
  const char* name = "connector.modality_projection.proj.weight";
  std::vector<float> values = to_float(weights.at(name));
  for (float& value : values) value *= 1e6f;
  weights.replace(name, values);
  const TemporaryDirectory directory;
  const fs::path path = directory.path() / "model";
  write_model_directory(*directory_, weights, DType::kF32, directory_->contract(), path);
  directory_ =
      ModelDirectory::open(path, {.longest_edge = directory_->contract().views.longest_edge});
  const Error error = test::error_of([&] { computed(*source("fp16")); });
  EXPECT_EQ(error.code(), ErrorCode::kBadInput);
  EXPECT_THAT(error.what(), HasSubstr("--feature-dtype fp16 cannot hold; take bf16 or fp32"));
  computed(*source("bf16"));
}

INSTANTIATE_TEST_SUITE_P(Models, FeatureSourceTest, testing::ValuesIn(test::golden_models()),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

class FeatureTrainingTest : public test::SmallTrainingTest {
 protected:
  fs::path store() const { return path("store"); }
  TrainSettings settings(const std::string& name) const {
    TrainSettings settings = test::quick_settings(data(), output(name));
    settings.feature_store = store();
    settings.lr = 1e-2;
    settings.lora_dropout = 0.1;
    settings.max_steps = 7;  // more than an epoch
    return settings;
  }
  std::string model(const std::string& name) const {
    return read_file(output(name) / "model.safetensors");
  }
};

constexpr int kAllPages = 18;

TEST_F(FeatureTrainingTest, ASecondRunComputesNothingAndGivesTheSameBytes) {
  TrainSettings without = settings("without");
  without.feature_store.clear();
  const TrainResult memory = train(without);
  ASSERT_TRUE(memory.features.has_value());
  EXPECT_EQ(memory.features->from_store, 0);
  EXPECT_EQ(memory.features->computed, kAllPages);

  const TrainResult first = train(settings("first"));
  EXPECT_EQ(first.features->computed, kAllPages);
  EXPECT_EQ(first.features->from_store, 0);
  EXPECT_GT(first.features->vision_views, 0);

  const TrainResult second = train(settings("second"));
  EXPECT_EQ(second.features->computed, 0);
  EXPECT_EQ(second.features->from_store, kAllPages);
  EXPECT_EQ(second.features->vision_views, 0);
  const Json json = read_json(output("second") / "train.json");
  EXPECT_EQ(json["features"], second.features->to_json());

  EXPECT_EQ(model("first"), model("without"));
  EXPECT_EQ(model("second"), model("without"));
}

TEST_F(FeatureTrainingTest, HalfPrecisionGivesTheSameBytesFromMemoryAndStore) {
  TrainSettings without = settings("without");
  without.feature_store.clear();
  without.feature_dtype = "fp16";
  train(without);
  for (const char* name : {"first", "second"}) {
    TrainSettings half = settings(name);
    half.feature_dtype = "fp16";
    train(half);
    EXPECT_EQ(model(name), model("without"));
  }
  train(settings("whole"));
  EXPECT_NE(model("whole"), model("without"));
}

TEST_F(FeatureTrainingTest, AnotherModelOrOtherViewsUseNothingOfIt) {
  train(settings("first"));
  TrainSettings other = settings("other");
  other.longest_edge = *other.longest_edge / 2;
  EXPECT_EQ(train(other).features->computed, kAllPages);
  const auto base = ModelDirectory::open(other.model);
  Weights weights = base->weights();
  std::vector<float> values = to_float(weights.at("vision_model.post_layernorm.bias"));
  values[0] += 0.5f;
  weights.replace("vision_model.post_layernorm.bias", values);
  write_model_directory(*base, weights, DType::kF32, base->contract(), output("changed"));
  TrainSettings changed = settings("on-changed");
  changed.model = output("changed");
  EXPECT_EQ(train(changed).features->computed, kAllPages);
  EXPECT_EQ(train(settings("again")).features->computed, 0);
}

TEST_F(FeatureTrainingTest, PagesOfSeveralSizesAreKeptApart) {
  const auto sizes = [&](const std::string& name) {
    TrainSettings several = settings(name);
    several.longest_edges = {*several.longest_edge / 2, *several.longest_edge};
    return several;
  };
  TrainSettings without = sizes("without");
  without.feature_store.clear();
  const int64_t used = train(without).features->computed;
  for (const char* name : {"first", "second"}) {
    const std::optional<FeatureCounts> features = train(sizes(name)).features;
    EXPECT_EQ(features->computed + features->from_store, used) << name;
    EXPECT_EQ(model(name), model("without")) << name;
  }
}

TEST_F(FeatureTrainingTest, ATunedModelSharesThemWhenItsVisionTowerIsTheSame) {
  train(settings("first"));
  TrainSettings next = settings("next");
  next.model = output("first");
  EXPECT_EQ(train(next).features->computed, 0);
}

TEST_F(FeatureTrainingTest, WhenVisionIsTrainedTheStoreIsRefused) {
  TrainSettings full = settings("full");
  full.method = "full";
  full.lora_r.reset();
  full.lora_dropout = 0;
  const Error error = test::error_of([&] { train(full); });
  EXPECT_EQ(error.code(), ErrorCode::kUsage);
  EXPECT_THAT(error.what(), HasSubstr("--feature-store " + store().string() + " keeps what"));
  EXPECT_FALSE(fs::exists(output("full")));
  TrainSettings vision = settings("vision");
  vision.lora_targets = ".*vision_model.*\\.(q_proj|v_proj)";
  EXPECT_THAT(test::error_of([&] { train(vision); }).what(), HasSubstr("but this run trains them"));
  full.freeze = {"vision_model\\..*", "connector\\..*"};
  EXPECT_EQ(train(full).features->computed, kAllPages);
}

TEST_F(FeatureTrainingTest, DamageIsRepairedAndTheBytesStay) {
  train(settings("first"));
  for (const auto& entry : fs::recursive_directory_iterator(store())) {
    if (entry.path().extension() != ".features") continue;
    std::string bytes = read_file(entry.path());
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 4);
    write_file(entry.path(), bytes);
  }
  testing::internal::CaptureStderr();
  const TrainResult repaired = train(settings("repaired"));
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("damaged"));
  EXPECT_EQ(repaired.features->computed, 1);
  EXPECT_EQ(repaired.features->from_store, kAllPages - 1);
  EXPECT_EQ(model("repaired"), model("first"));
  EXPECT_EQ(train(settings("again")).features->computed, 0);
}

}  // namespace
}  // namespace recto
