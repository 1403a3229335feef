// The torch model against the reference activations and vectors.

#include <gtest/gtest.h>

#include <optional>
#include <set>

#include "learn/learn_golden_support.h"
#include "learn/torch_embedder.h"

namespace recto {
namespace {

using test::GoldenModel;

constexpr double kActivation = 5e-5;
constexpr double kVector = 2e-5;

/// Names of the activations files of a model; passes over a model without any.
std::vector<std::string> samples(const GoldenModel& model, test::GoldenSections& sections) {
  std::vector<std::string> names;
  if (!sections.has(model.goldens)) return names;
  for (const auto& entry : std::filesystem::directory_iterator(model.goldens)) {
    const std::string name = entry.path().stem().string();
    if (name.rfind("activations_", 0) == 0) names.push_back(name.substr(12));
  }
  if (names.empty()) sections.skip("no activations in " + model.goldens.string());
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
  test::GoldenSections sections;
  for (const std::string& name : test::golden_models()) {
    const GoldenModel golden(name);
    const auto embedder =
        make_torch_embedder(ModelDirectory::open(golden.directory), {.threads = 1});
    for (const std::string& sample : samples(golden, sections)) {
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
      if (!seen.empty()) sections.tested();
    }
  }
  sections.finish();
}

TEST(LearnGolden, VectorsAloneAndInOneBatch) {
  const torch::NoGradGuard no_grad;
  test::GoldenSections sections;
  for (const std::string& name : test::golden_models()) {
    const GoldenModel golden(name);
    if (!sections.has(golden.goldens / "vectors.safetensors")) continue;
    const SafetensorsFile expected(golden.goldens / "vectors.safetensors");
    std::vector<ModelInput> inputs;
    const std::vector<std::string> all = samples(golden, sections);
    if (all.empty()) continue;
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
          const torch::Tensor alone = test::vectors_of(model, {inputs[i]})[0];
          EXPECT_LE(test::largest_difference(together[static_cast<int64_t>(i)], alone), 1e-5);
          if (!expected.contains(key)) {
            sections.skip("no vector " + name + " " + key);
            continue;
          }
          const torch::Tensor want = test::tensor_of(expected, key);
          EXPECT_LE(test::largest_difference(alone, want), kVector);
          EXPECT_LE(test::largest_difference(together[static_cast<int64_t>(i)], want), kVector);
          sections.tested();
        }
      }
    }
  }
  sections.finish();
}

/// Last hidden states of one input, [tokens, width].
torch::Tensor last_hidden_state(RetrieverModel& model, const ModelInput& input) {
  torch::Tensor states;
  const ActivationObserver observer = [&](const std::string& activation,
                                          const std::vector<int64_t>& shape,
                                          std::span<const float> values) {
    if (activation != "last_hidden_state") return;
    states = torch::from_blob(const_cast<float*>(values.data()), shape).clone();
  };
  const Sequence sequence{&input, {}, 0};
  model->forward({&sequence, 1}, false, &observer);
  return states;
}

TEST(LearnGolden, ShiftedPositionIdsOfTransformers455) {
  const torch::NoGradGuard no_grad;
  test::GoldenSections sections;
  for (const std::string& name : test::golden_models()) {
    const GoldenModel golden(name);
    if (!sections.has(golden.goldens / "position_ids.safetensors")) continue;
    const SafetensorsFile file(golden.goldens / "position_ids.safetensors");
    const torch::Tensor wanted = test::tensor_of(file, "legacy_last_hidden_state");
    Contract contract;
    contract.position_ids = PositionIds::kHf455Fp32;
    RetrieverModel model = golden.load(contract);
    // The file says which states, not of which page: one with as many tokens and one view.
    std::optional<double> nearest;
    for (const std::string& sample : samples(golden, sections)) {
      const ModelInput input = test::input_of(activations(golden, sample));
      if (input.view_count() != 1) continue;
      const torch::Tensor found = last_hidden_state(model, input);
      if (found.sizes() != wanted.sizes()) continue;
      nearest = std::min(nearest.value_or(1e30), test::largest_difference(found, wanted));
    }
    if (!nearest) {
      sections.skip("no activations of the page of position_ids.safetensors of " + name);
      continue;
    }
    EXPECT_LE(*nearest, kActivation) << name;
    sections.tested();
  }
  sections.finish();
}

/// The inputs of peft/MODEL/cases.json by the names their vectors have: the text, and the page
/// where the set has its activations.
std::map<std::string, ModelInput> adapter_inputs(const GoldenModel& golden, const Json& cases,
                                                 test::GoldenSections& sections) {
  std::map<std::string, ModelInput> inputs;
  inputs["text"] = test::text_input(cases.at("text_ids"));
  const std::string page = std::filesystem::path(cases.at("image").get<std::string>()).stem();
  if (sections.has(golden.goldens / ("activations_" + page + ".safetensors"))) {
    inputs[page] = test::input_of(activations(golden, page));
    inputs[page].ids = cases.at("doc_ids").get<std::vector<int32_t>>();
  }
  return inputs;
}

TEST(LearnGolden, UnmergedAdaptersOfPeft) {
  const torch::NoGradGuard no_grad;
  test::GoldenSections sections;
  for (const std::string& name : test::golden_folders("peft", sections)) {
    const std::filesystem::path folder = test::goldens() / "peft" / name;
    if (!sections.has(folder / "vectors.safetensors")) continue;
    const GoldenModel golden(name);
    const Json cases = read_json(folder / "cases.json");
    const SafetensorsFile expected(folder / "vectors.safetensors");
    const auto inputs = adapter_inputs(golden, cases, sections);
    const auto check = [&](RetrieverModel model, const std::string& variant) {
      for (const auto& [input_name, input] : inputs) {
        const std::string key = variant + "." + input_name;
        if (!expected.contains(key)) {
          sections.skip("no vector " + name + " " + key);
          continue;
        }
        EXPECT_LE(test::largest_difference(test::vectors_of(model, {input})[0],
                                           test::tensor_of(expected, key)),
                  kVector)
            << name << " " << key;
        sections.tested();
      }
    };
    check(golden.load(), "base");
    for (const auto& [variant, unused] : cases.at("variants").items()) {
      if (!sections.has(folder / variant / "adapter_config.json")) continue;
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
  sections.finish();
}

}  // namespace
}  // namespace recto
