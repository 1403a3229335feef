#include "data/feature_key.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "model/model_write.h"
#include "support/sparse_model.h"

namespace recto {
namespace {
namespace fs = std::filesystem;

std::string key_of(const ModelDirectory& model, DType dtype) {
  return dump_json(feature_key(model, vision_weights_sha256(model.weights()),
                               model.contract().views.longest_edge, dtype));
}

TEST(FeatureKey, IsMadeOfWhatDecidesTheFeatures) {
  const TemporaryDirectory directory;
  const fs::path model = directory.path() / "model";
  fs::copy(test::goldens() / "models" / test::golden_models().front(), model,
           fs::copy_options::recursive);
  const auto key = [&](const ContractOverrides& overrides = {}, DType dtype = DType::kF32) {
    return key_of(*ModelDirectory::open(model, overrides), dtype);
  };
  const std::string first = key();
  const int edge = ModelDirectory::open(model)->contract().views.longest_edge;
  EXPECT_EQ(key({.longest_edge = edge}), first);
  EXPECT_NE(key({.longest_edge = edge / 2}), first);
  EXPECT_NE(key({.image_splitting = false}), first);
  EXPECT_NE(key({.resample_order = ResampleOrder::kPillow13}), first);
  EXPECT_NE(key({}, DType::kF16), first);
  const auto whole = ModelDirectory::open(model);
  const auto half = ModelDirectory::open(model, {.longest_edge = edge / 2});
  const std::string vision = vision_weights_sha256(whole->weights());
  EXPECT_EQ(feature_key(*whole, vision, edge / 2, DType::kF32),
            feature_key(*half, vision, edge / 2, DType::kF32));

  const auto opened = ModelDirectory::open(model);
  const auto with = [&](const std::string& tensor) {
    Weights weights = opened->weights();
    std::vector<float> values = to_float(weights.at(tensor));
    values[0] += 1;
    weights.replace(tensor, values);
    const fs::path changed = directory.path() / tensor;
    write_model_directory(*opened, weights, DType::kF32, opened->contract(), changed);
    return key_of(*ModelDirectory::open(changed), DType::kF32);
  };
  const std::string text = with("text_model.norm.weight");
  EXPECT_NE(with("vision_model.post_layernorm.weight"), text);
  EXPECT_NE(with("connector.modality_projection.proj.weight"), text);
  EXPECT_EQ(with("text_model.layers.0.input_layernorm.weight"), text)
      << "the text model has nothing to do with it";
}

TEST(WeightsKey, TellsApartWhatMakesOtherWeights) {
  const auto model =
      ModelDirectory::open(test::goldens() / "models" / test::golden_models().front());
  const SparseHead plain = plain_sparse_head(model->config());
  const SparseOutput output{.gain = 2, .candidates = 3, .weights_sha256 = ""};
  const Json first = weights_key(*model, plain, output);
  SparseHead dense = plain;
  test::add_random_dense(dense, 8, 1);
  EXPECT_EQ(weights_key(*model, dense, output), first) << "vectors are made of them afterwards";
  SparseOutput fewer = output;
  fewer.top_n = 4;
  EXPECT_EQ(weights_key(*model, plain, fewer), first) << "all are kept";
  for (auto* values : {&dense.norm, &dense.projection, &dense.bias}) {
    values->front() += 1;
    EXPECT_NE(weights_key(*model, dense, output), first);
    values->front() -= 1;
  }
  for (int SparseOutput::* number :
       {&SparseOutput::saturation, &SparseOutput::gain, &SparseOutput::candidates}) {
    SparseOutput other = output;
    other.*number += 1;
    EXPECT_NE(weights_key(*model, plain, other), first);
  }
}

}  // namespace
}  // namespace recto
