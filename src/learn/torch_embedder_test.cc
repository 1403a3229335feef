// The torch embedder beside the engine: two implementations, the same vectors.

#include "learn/torch_embedder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "engine/cpu_embedder.h"
#include "engine/visual_encoder.h"
#include "learn/torch.h"
#include "learn/train_test_support.h"
#include "support/damaged_model.h"
#include "support/sparse_model.h"

namespace recto {
namespace {
namespace fs = std::filesystem;

// Cuts the pages of these tests into tiles, whatever the model's first edge does.
constexpr int kSecondEdge = 200;

std::vector<ModelInput> some_inputs(const ModelDirectory& model) {
  std::vector<ModelInput> inputs;
  for (const char* query :
       {"valve", "What is the total amount due in the second quarter?", "été"}) {
    inputs.push_back(model.inputs().query(query));
  }
  for (int i = 0; i < 3; ++i) inputs.push_back(model.inputs().document(test::striped_page(i)));
  inputs.push_back(model.inputs().document(Image{40, 300, std::vector<uint8_t>(36000, 90)}));
  return inputs;
}

double largest_difference(const Matrix& a, const Matrix& b) {
  EXPECT_EQ(a.rows, b.rows);
  EXPECT_EQ(a.columns, b.columns);
  double most = 0;
  for (size_t i = 0; i < a.values.size(); ++i) {
    most = std::max(most, std::abs(static_cast<double>(a.values[i]) - b.values[i]));
  }
  return most;
}

TEST(TorchEmbedderTest, EqualsTheEngine) {
  for (const std::string& name : test::golden_models()) {
    const auto model = ModelDirectory::open(test::goldens() / "models" / name);
    const std::vector<ModelInput> inputs = some_inputs(*model);
    const Matrix engine = make_cpu_embedder(model, {.threads = 1})->embed(inputs);
    const Matrix torch = make_torch_embedder(model, {.threads = 1})->embed(inputs);
    EXPECT_LE(largest_difference(engine, torch), 2e-5) << name;
  }
}

TEST(TorchEmbedderTest, TakesVisualTokensForPictures) {
  for (const std::string& name : test::golden_models()) {
    SCOPED_TRACE(name);
    const TemporaryDirectory directory;
    test::copy_sparse_model(name, directory.path() / "model", 20);
    test::add_second_edge(directory.path() / "model", kSecondEdge);
    const auto model = ModelDirectory::open(directory.path() / "model");
    const ModelInput seen = model->inputs().document(test::striped_page(0));
    ModelInput known = seen;
    const ModelInput* const inputs[] = {&seen};
    known.visual_tokens = VisualEncoder(model, 1).encode(inputs)[0];
    known.images.clear();
    const auto embedder = make_torch_embedder(model, {.threads = 1});
    std::vector<SparseVector> wanted, found;
    ASSERT_GT(seen.tilings.at(0).second_views(), 0);
    const Matrix vectors = embedder->embed_both({&seen, 1}, wanted);
    EXPECT_LE(largest_difference(embedder->embed_both({&known, 1}, found), vectors), 2e-5);
    EXPECT_EQ(found[0].ids, wanted[0].ids);
  }
}

void expect_outputs_of_the_engine(const fs::path& path) {
  const auto model = ModelDirectory::open(path);
  std::vector<ModelInput> inputs;
  for (int i = 0; i < 3; ++i) {
    inputs.push_back(model->inputs().document(test::striped_page(i)));
    inputs.push_back(model->inputs().query("query " + std::to_string(i)));
  }
  std::vector<SparseVector> engine, torch;
  const Matrix dense = make_cpu_embedder(model, {.threads = 1})->embed_both(inputs, engine);
  const Matrix twin = make_torch_embedder(model, {.threads = 1})->embed_both(inputs, torch);
  EXPECT_LE(largest_difference(dense, twin), 2e-5);
  for (size_t i = 0; i < inputs.size(); ++i) {
    EXPECT_EQ(engine[i].ids, torch[i].ids);
    ASSERT_EQ(engine[i].weights.size(), torch[i].weights.size());
    for (size_t k = 0; k < engine[i].weights.size(); ++k) {
      EXPECT_NEAR(engine[i].weights[k], torch[i].weights[k], 1e-5);
    }
  }
}

TEST(TorchEmbedderTest, ItsSparseVectorsAreThoseOfTheEngine) {
  for (const std::string& name : test::golden_models()) {
    SCOPED_TRACE(name);
    const TemporaryDirectory directory;
    const fs::path path = directory.path() / "model";
    test::copy_sparse_model(name, path, 20);
    expect_outputs_of_the_engine(path);
    test::add_second_edge(path, kSecondEdge);
    expect_outputs_of_the_engine(path);
    test::add_vocabulary_pooling(path);
    expect_outputs_of_the_engine(path);
  }
}

TEST(TorchEmbedderTest, ShowsWhatTheEngineShows) {
  const auto model = ModelDirectory::open(test::any_model());
  const ModelInput input = model->inputs().document(test::striped_page(0));
  using Shown = std::map<std::string, std::pair<std::vector<int64_t>, std::vector<float>>>;
  const auto shown = [&](Embedder& embedder) {
    Shown all;
    embedder.inspect(input, [&](const std::string& name, const std::vector<int64_t>& shape,
                                std::span<const float> values) {
      all[name] = {shape, {values.begin(), values.end()}};
    });
    return all;
  };
  const Shown torch = shown(*make_torch_embedder(model, {.threads = 1}));
  for (const auto& [name, activation] : shown(*make_cpu_embedder(model, {.threads = 1}))) {
    ASSERT_TRUE(torch.count(name)) << name;
    EXPECT_EQ(torch.at(name).first, activation.first) << name;
    for (size_t i = 0; i < activation.second.size(); ++i) {
      ASSERT_NEAR(torch.at(name).second[i], activation.second[i], 5e-5) << name;
    }
  }
}

TEST(TorchEmbedderTest, WeightsThatAreNoNumbersAreNamed) {
  const TemporaryDirectory directory;
  const std::string name = "text_model.layers.0.mlp.up_proj.weight";
  ASSERT_TRUE(test::copy_with_nan(test::any_model(), directory.path() / "model", name));
  const auto model = ModelDirectory::open(directory.path() / "model");
  const Error error = test::error_of([&] { make_torch_embedder(model, {.threads = 1}); });
  EXPECT_EQ(error.code(), ErrorCode::kBadInput);
  EXPECT_THAT(error.what(), testing::HasSubstr(name + "\" holds nan at ["));
}

TEST(TorchEmbedderTest, DevicesByName) {
  const auto model = ModelDirectory::open(test::any_model());
  const Error error = test::error_of([&] { make_torch_embedder(model, {.device = "gpu"}); });
  EXPECT_EQ(error.code(), ErrorCode::kUsage);
  EXPECT_THAT(error.what(), testing::HasSubstr("\"cpu\", \"cuda\" or \"cuda:N\""));
  if (!torch::cuda::is_available()) {
    EXPECT_EQ(test::error_of([&] { make_torch_embedder(model, {.device = "cuda"}); }).code(),
              ErrorCode::kUnsupported);
  }
}

TEST(TorchEmbedderTest, CudaEqualsTheCpu) {
  if (!torch::cuda::is_available()) GTEST_SKIP() << "this libtorch finds no CUDA device";
  const auto model = ModelDirectory::open(test::any_model());
  const std::vector<ModelInput> inputs = some_inputs(*model);
  EXPECT_LE(largest_difference(make_torch_embedder(model, {.device = "cuda"})->embed(inputs),
                               make_torch_embedder(model, {.threads = 1})->embed(inputs)),
            1e-3);
}

}  // namespace
}  // namespace recto
