// The torch model against the reference activations and vectors.

#include <gtest/gtest.h>

#include <set>

#include "learn/learn_golden_support.h"
#include "learn/torch_embedder.h"

namespace recto {
namespace {

using test::GoldenModel;

constexpr double kActivation = 5e-5;
constexpr double kVector = 2e-5;

std::vector<std::string> samples(const GoldenModel& model) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(model.goldens)) {
    const std::string name = entry.path().stem().string();
    if (name.rfind("activations_", 0) == 0) names.push_back(name.substr(12));
  }
  std::sort(names.begin(), names.end());
  return names;
}

SafetensorsFile activations(const GoldenModel& model, const std::string& sample) {
  return SafetensorsFile(model.goldens / ("activations_" + sample + ".safetensors"));
}

bool is_input(const std::string& name) {
  return name == "tiles_u8" || name == "input_ids" || name == "hf_position_ids" || name == "logits";
}

TEST(LearnGolden, EveryActivation) {
  const torch::NoGradGuard no_grad;
  for (const std::string& name : test::golden_models()) {
    const GoldenModel golden(name);
    const auto embedder =
        make_torch_embedder(ModelDirectory::open(golden.directory), {.threads = 1});
    const std::vector<std::string> all = samples(golden);
    ASSERT_FALSE(all.empty()) << golden.goldens;
    for (const std::string& sample : all) {
      SCOPED_TRACE(name + " " + sample);
      const SafetensorsFile file = activations(golden, sample);
      const ModelInput input = test::input_of(file);
      std::set<std::string> seen;
      const ActivationObserver observer = [&](const std::string& activation,
                                              const std::vector<int64_t>& shape,
                                              std::span<const float> values) {
        if (!file.contains(activation)) return;
        seen.insert(activation);
        const torch::Tensor got = torch::from_blob(const_cast<float*>(values.data()), shape);
        EXPECT_LE(test::largest_difference(got, test::tensor_of(file, activation)), kActivation)
            << activation;
      };
      embedder->inspect(input, observer);
      for (const auto& [activation, view] : file.tensors()) {
        EXPECT_TRUE(is_input(activation) || seen.count(activation)) << activation << " not shown";
      }
    }
  }
}

TEST(LearnGolden, VectorsAloneAndInOneBatch) {
  const torch::NoGradGuard no_grad;
  for (const std::string& name : test::golden_models()) {
    const GoldenModel golden(name);
    const SafetensorsFile expected(golden.goldens / "vectors.safetensors");
    std::vector<ModelInput> inputs;
    const std::vector<std::string> all = samples(golden);
    for (const std::string& sample : all) {
      inputs.push_back(test::input_of(activations(golden, sample)));
    }
    for (const Pooling pooling : {Pooling::kLast, Pooling::kMean}) {
      for (const bool normalize : {false, true}) {
        Contract contract;
        contract.pooling = pooling;
        contract.normalize = normalize;
        RetrieverModel model = golden.load(contract);
        const torch::Tensor together = test::vectors_of(model, inputs);
        for (size_t i = 0; i < all.size(); ++i) {
          const std::string key = all[i] + "." + pooling_name(pooling) + (normalize ? "_l2" : "");
          SCOPED_TRACE(name + " " + key);
          ASSERT_TRUE(expected.contains(key));
          const torch::Tensor want = test::tensor_of(expected, key);
          const torch::Tensor alone = test::vectors_of(model, {inputs[i]})[0];
          EXPECT_LE(test::largest_difference(alone, want), kVector);
          EXPECT_LE(test::largest_difference(together[static_cast<int64_t>(i)], want), kVector);
          EXPECT_LE(test::largest_difference(together[static_cast<int64_t>(i)], alone), 1e-5);
        }
      }
    }
  }
}

TEST(LearnGolden, ShiftedPositionIdsOfTransformers455) {
  const torch::NoGradGuard no_grad;
  bool any = false;
  for (const std::string& name : test::golden_models()) {
    const GoldenModel golden(name);
    if (!std::filesystem::exists(golden.goldens / "position_ids.safetensors")) continue;
    any = true;
    const SafetensorsFile file(golden.goldens / "position_ids.safetensors");
    Contract contract;
    contract.position_ids = PositionIds::kHf455Fp32;
    RetrieverModel model = golden.load(contract);
    const ModelInput input = test::input_of(activations(golden, "img2"));
    const Sequence sequence{&input, {}, 0};
    double difference = 1e30;
    const ActivationObserver observer = [&](const std::string& activation,
                                            const std::vector<int64_t>& shape,
                                            std::span<const float> values) {
      if (activation != "last_hidden_state") return;
      difference =
          test::largest_difference(torch::from_blob(const_cast<float*>(values.data()), shape),
                                   test::tensor_of(file, "legacy_last_hidden_state"));
    };
    model->forward({&sequence, 1}, false, &observer);
    EXPECT_LE(difference, kActivation) << name;
  }
  if (!any) GTEST_SKIP() << "no position_ids.safetensors beside the models";
}

TEST(LearnGolden, UnmergedAdaptersOfPeft) {
  const torch::NoGradGuard no_grad;
  const std::vector<std::string> sections = test::golden_sections("peft");
  if (sections.empty()) GTEST_SKIP() << "no peft section";
  for (const std::string& name : sections) {
    const std::filesystem::path folder = test::goldens() / "peft" / name;
    const GoldenModel golden(name);
    const Json cases = read_json(folder / "cases.json");
    const SafetensorsFile expected(folder / "vectors.safetensors");
    const std::string image = std::filesystem::path(cases["image"].get<std::string>()).stem();
    const std::vector<ModelInput> inputs = {test::text_input(cases["text_ids"]),
                                            test::input_of(activations(golden, image))};
    const auto check = [&](RetrieverModel model, const std::string& key) {
      const torch::Tensor vectors = test::vectors_of(model, inputs);
      EXPECT_LE(test::largest_difference(vectors[0], test::tensor_of(expected, key + ".text")),
                kVector)
          << name << " " << key;
      EXPECT_LE(test::largest_difference(vectors[1], test::tensor_of(expected, key + "." + image)),
                kVector)
          << name << " " << key;
    };
    check(golden.load(), "base");
    for (const auto& [variant, unused] : cases["variants"].items()) {
      const Adapter adapter = read_adapter(folder / variant, golden.config);
      RetrieverModel model = golden.load();
      model->attach(adapter);
      check(model, variant);
      Weights merged = Weights::load(golden.directory, golden.config);
      merge_adapter(merged, adapter);
      RetrieverModel plain(golden.config, Contract{});
      plain->load(merged);
      check(plain, variant + ".merged");
    }
  }
}

}  // namespace
}  // namespace recto
