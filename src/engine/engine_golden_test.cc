// The engine against the reference values of transformers, for every golden model there is.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/json.h"
#include "engine/cpu_embedder.h"
#include "engine/pooling.h"
#include "engine/position_ids.h"
#include "model/model_directory.h"
#include "model/safetensors.h"
#include "support/golden_sections.h"
#include "support/support.h"

namespace recto {
namespace {
namespace fs = std::filesystem;

constexpr double kActivationTolerance = 5e-5;
constexpr double kVectorTolerance = 2e-5;
constexpr double kSameInputTolerance = 1e-5;

fs::path model_path(const std::string& name) { return test::goldens() / "models" / name; }
fs::path values_path(const std::string& name) {
  return test::goldens() / "models" / (name + "-goldens");
}

std::vector<int32_t> integers(const TensorView& tensor) {
  std::vector<int32_t> values(static_cast<size_t>(tensor.elements()));
  std::memcpy(values.data(), tensor.bytes.data(), tensor.bytes.size());
  return values;
}

std::vector<float> floats(const TensorView& tensor) { return to_float(tensor); }

/// The input an activations file belongs to.
ModelInput input_of(const SafetensorsFile& file) {
  ModelInput input;
  input.ids = integers(file.at("input_ids"));
  if (!file.contains("tiles_u8")) return input;
  const TensorView& tiles = file.at("tiles_u8");
  Views views;
  const int count = static_cast<int>(tiles.shape[0]);
  views.rows = count > 1 ? count - 1 : 0;
  views.columns = count > 1 ? 1 : 0;
  views.tile = static_cast<int>(tiles.shape[2]);
  const auto* bytes = reinterpret_cast<const uint8_t*>(tiles.bytes.data());
  views.pixels.assign(bytes, bytes + tiles.bytes.size());
  input.images.push_back(views);
  return input;
}

/// "img2" before "img10".
struct ByNumber {
  bool operator()(const std::string& a, const std::string& b) const {
    return a.size() != b.size() ? a.size() < b.size() : a < b;
  }
};
using Inputs = std::map<std::string, ModelInput, ByNumber>;

/// Inputs of a model by the name of their activations file: "img0", "text3", ...; none when the
/// set has no such files.
Inputs golden_inputs(const std::string& model) {
  Inputs inputs;
  const std::string prefix = "activations_";
  if (!fs::is_directory(values_path(model))) return inputs;
  for (const auto& entry : fs::directory_iterator(values_path(model))) {
    const std::string stem = entry.path().stem().string();
    if (stem.rfind(prefix, 0) != 0 || entry.path().extension() != ".safetensors") continue;
    inputs[stem.substr(prefix.size())] = input_of(SafetensorsFile(entry.path()));
  }
  return inputs;
}

std::unique_ptr<Embedder> open_engine(const std::string& model,
                                      const ContractOverrides& overrides = {},
                                      const EngineOptions& options = {}) {
  return make_cpu_embedder(ModelDirectory::open(model_path(model), overrides), options);
}

double distance(std::span<const float> found, std::span<const float> wanted) {
  if (found.size() != wanted.size()) return 1e30;
  double worst = 0;
  for (size_t i = 0; i < found.size(); ++i) {
    const double difference = std::abs(static_cast<double>(found[i]) - wanted[i]);
    worst = std::max(worst, std::isnan(difference) ? 1e30 : difference);
  }
  return worst;
}

struct Activation {
  std::vector<int64_t> shape;
  std::vector<float> values;
};

std::map<std::string, Activation> activations(Embedder& engine, const ModelInput& input) {
  std::map<std::string, Activation> all;
  engine.inspect(input, [&](const std::string& name, const std::vector<int64_t>& shape,
                            std::span<const float> values) {
    all[name] = {shape, {values.begin(), values.end()}};
  });
  return all;
}

/// The same, passing over a model without any.
Inputs golden_inputs(const std::string& model, test::GoldenSections& sections) {
  Inputs inputs = golden_inputs(model);
  if (inputs.empty()) sections.skip("no activations of " + model);
  return inputs;
}

/// One pooled vector of last hidden states [n, width], by the name the golden files give it.
std::vector<float> pooled(const std::string& how, const Activation& states) {
  const int64_t n = states.shape[0];
  const int64_t width = states.shape[1];
  std::vector<float> out(static_cast<size_t>(width));
  if (how == "last") {
    pool(Pooling::kLast, states.values.data(), n, out);
  } else if (how == "mean") {
    pool(Pooling::kMean, states.values.data(), n, out);
  } else if (how == "cls") {
    std::copy_n(states.values.begin(), width, out.begin());
  } else if (how == "weightedmean") {
    for (int64_t i = 0; i < width; ++i) {
      double sum = 0;
      for (int64_t t = 0; t < n; ++t) {
        sum += static_cast<double>(t + 1) * states.values[static_cast<size_t>(t * width + i)];
      }
      out[static_cast<size_t>(i)] =
          static_cast<float>(sum / (0.5 * static_cast<double>(n * (n + 1))));
    }
  } else {
    ADD_FAILURE() << "unknown pooling in the golden file: " << how;
  }
  return out;
}

/// Compares every activation of the file, "logits" (of every token) by its last row; how many.
int compare_activations(const SafetensorsFile& golden,
                        const std::map<std::string, Activation>& found) {
  // Not activations of the towers: inputs, and the logits of every token.
  const std::set<std::string> others = {"tiles_u8", "input_ids", "hf_position_ids", "logits"};
  int compared = 0;
  for (const auto& [tensor, view] : golden.tensors()) {
    if (others.count(tensor) != 0) continue;
    ++compared;
    if (found.count(tensor) == 0) {
      ADD_FAILURE() << tensor << " was not shown";
      continue;
    }
    EXPECT_EQ(found.at(tensor).shape, view.shape) << tensor;
    EXPECT_LT(distance(found.at(tensor).values, floats(view)), kActivationTolerance) << tensor;
  }
  if (golden.contains("logits")) {
    ++compared;
    const std::vector<float> all = floats(golden.at("logits"));
    const size_t vocabulary = static_cast<size_t>(golden.at("logits").shape[1]);
    const std::span<const float> last(all.data() + all.size() - vocabulary, vocabulary);
    EXPECT_LT(distance(found.at("logits_last").values, last), kActivationTolerance);
  }
  return compared;
}

TEST(EngineGolden, Activations) {
  test::GoldenSections sections;
  for (const std::string& model : test::golden_models()) {
    const Inputs inputs = golden_inputs(model, sections);
    if (inputs.empty()) continue;
    const auto engine = open_engine(model);
    for (const auto& [name, input] : inputs) {
      SCOPED_TRACE(model + " " + name);
      const SafetensorsFile golden(values_path(model) / ("activations_" + name + ".safetensors"));
      if (compare_activations(golden, activations(*engine, input)) > 0) sections.tested();
    }
  }
  sections.finish();
}

/// Compares the golden vector `key` ("img0.mean_l2") with the pooled states of its input.
void compare_pooled(const TensorView& golden, const std::string& key, const Activation& states) {
  std::string how = key.substr(key.find('.') + 1);
  const bool unit = how.ends_with("_l2");
  if (unit) how.resize(how.size() - 3);
  std::vector<float> vector = pooled(how, states);
  if (unit) l2_normalize(vector);
  EXPECT_LT(distance(vector, floats(golden)), kVectorTolerance) << key;
}

TEST(EngineGolden, Vectors) {
  test::GoldenSections sections;
  for (const std::string& model : test::golden_models()) {
    SCOPED_TRACE(model);
    if (!sections.has(values_path(model) / "vectors.safetensors")) continue;
    const SafetensorsFile golden(values_path(model) / "vectors.safetensors");
    const auto engine = open_engine(model);
    std::map<std::string, Activation> states;
    for (const auto& [name, input] : golden_inputs(model)) {
      states[name] = activations(*engine, input).at("last_hidden_state");
      if (!golden.contains(name + ".last_l2")) continue;
      const Matrix vectors = engine->embed({&input, 1});
      EXPECT_LT(distance(vectors.row(0), floats(golden.at(name + ".last_l2"))), kVectorTolerance)
          << name;
    }
    for (const auto& [key, view] : golden.tensors()) {
      const auto known = states.find(key.substr(0, key.find('.')));
      if (known == states.end()) {
        sections.skip(model + " " + key + " has no activations");
        continue;
      }
      compare_pooled(view, key, known->second);
      sections.tested();
    }
  }
  sections.finish();
}

/// A copy of a golden model whose contract is changed by `change`.
template <typename Change>
std::unique_ptr<Embedder> open_changed(const std::string& model, const fs::path& copy,
                                       const Change& change) {
  fs::copy(model_path(model), copy);
  Contract contract = ModelDirectory::open(model_path(model))->contract();
  change(contract);
  write_file(copy / "retriever.json", pretty_json(contract.to_json()));
  return make_cpu_embedder(ModelDirectory::open(copy));
}

TEST(EngineGolden, PoolingAndNormalizationFollowTheContract) {
  test::GoldenSections sections;
  for (const std::string& model : test::golden_models()) {
    if (!sections.has(values_path(model) / "vectors.safetensors")) continue;
    const Inputs inputs = golden_inputs(model, sections);
    const SafetensorsFile golden(values_path(model) / "vectors.safetensors");
    for (const std::string how : {"last", "mean"}) {
      for (const bool unit : {false, true}) {
        const TemporaryDirectory directory;
        const auto engine = open_changed(model, directory.path() / "model", [&](Contract& c) {
          c.pooling = how == "last" ? Pooling::kLast : Pooling::kMean;
          c.normalize = unit;
        });
        for (const auto& [name, input] : inputs) {
          const std::string key = name + "." + how + (unit ? "_l2" : "");
          if (!golden.contains(key)) continue;
          EXPECT_LT(distance(engine->embed({&input, 1}).row(0), floats(golden.at(key))),
                    kVectorTolerance)
              << model << " " << key;
          sections.tested();
        }
      }
    }
  }
  sections.finish();
}

TEST(EngineGolden, LegacyPositionIds) {
  test::GoldenSections sections;
  for (const std::string& model : test::golden_models()) {
    const fs::path file = values_path(model) / "position_ids.safetensors";
    if (!sections.has(file)) continue;
    const SafetensorsFile golden(file);
    ContractOverrides overrides;
    overrides.position_ids = PositionIds::kHf455Fp32;
    const auto engine = open_engine(model, overrides);
    const int side = engine->model().config().vision.patches_per_side();
    EXPECT_EQ(patch_position_ids(PositionIds::kHf455Fp32, side),
              integers(golden.at("legacy_position_ids")));
    sections.tested();
    const std::vector<float> wanted = floats(golden.at("legacy_last_hidden_state"));
    // The file says which states, not of which image: one with as many tokens and one view.
    std::optional<double> nearest;
    for (const auto& [name, input] : golden_inputs(model)) {
      if (input.view_count() != 1) continue;
      const auto found = activations(*engine, input).at("last_hidden_state");
      if (found.values.size() != wanted.size()) continue;
      nearest = std::min(nearest.value_or(1e30), distance(found.values, wanted));
    }
    if (nearest) {
      EXPECT_LT(*nearest, kActivationTolerance) << model;
    } else {
      sections.skip("no activations of the page of " + file.string());
    }
  }
  sections.finish();
}

TEST(EngineGolden, IdentityPositionIds) {
  test::GoldenSections sections;
  for (const std::string& model : test::golden_models()) {
    for (const auto& [name, input] : golden_inputs(model, sections)) {
      const SafetensorsFile golden(values_path(model) / ("activations_" + name + ".safetensors"));
      if (!golden.contains("hf_position_ids")) continue;
      const TensorView& ids = golden.at("hf_position_ids");
      const int side = static_cast<int>(std::lround(std::sqrt(ids.shape[1])));
      std::vector<int32_t> wanted = integers(ids);
      wanted.resize(static_cast<size_t>(ids.shape[1]));
      EXPECT_EQ(patch_position_ids(PositionIds::kIdentity, side), wanted) << model << " " << name;
      sections.tested();
    }
  }
  sections.finish();
}

/// The rows of a padded batch without their padding.
std::vector<ModelInput> unpadded(const TensorView& ids, const TensorView& mask) {
  const std::vector<int32_t> all = integers(ids);
  const std::vector<int32_t> keep = integers(mask);
  std::vector<ModelInput> inputs(static_cast<size_t>(ids.shape[0]));
  for (size_t i = 0; i < all.size(); ++i) {
    if (keep[i] != 0) inputs[i / static_cast<size_t>(ids.shape[1])].ids.push_back(all[i]);
  }
  return inputs;
}

void expect_rows(const Matrix& found, const TensorView& wanted, double tolerance,
                 const std::string& what) {
  const std::vector<float> all = floats(wanted);
  ASSERT_EQ(wanted.shape, (std::vector<int64_t>{found.rows, found.columns})) << what;
  for (int64_t i = 0; i < found.rows; ++i) {
    const std::span<const float> row(all.data() + i * found.columns,
                                     static_cast<size_t>(found.columns));
    EXPECT_LT(distance(found.row(i), row), tolerance) << what << " row " << i;
  }
}

void expect_texts(Embedder& engine, const SafetensorsFile& golden, const std::string& model) {
  for (const std::string side : {"left", "right"}) {
    const std::vector<ModelInput> texts = unpadded(golden.at("text." + side + ".input_ids"),
                                                   golden.at("text." + side + ".attention_mask"));
    const Matrix vectors = engine.embed(texts);
    for (const std::string way : {"single", "left", "right"}) {
      expect_rows(vectors, golden.at("text." + way + ".last"), kVectorTolerance, model + " " + way);
    }
  }
}

TEST(EngineGolden, BatchesNeedNoPadding) {
  test::GoldenSections sections;
  for (const std::string& model : test::golden_models()) {
    const fs::path file = values_path(model) / "padding.safetensors";
    if (!sections.has(file)) continue;
    const SafetensorsFile golden(file);
    const TemporaryDirectory directory;
    const auto engine =
        open_changed(model, directory.path() / "model", [](Contract& c) { c.normalize = false; });
    if (golden.contains("text.left.input_ids")) {
      expect_texts(*engine, golden, model);
      sections.tested();
    }
    std::vector<ModelInput> documents;
    for (const auto& [name, input] : golden_inputs(model)) {
      if (input.view_count() > 0) documents.push_back(input);
    }
    if (golden.contains("docs.single.last") &&
        golden.at("docs.single.last").shape[0] == static_cast<int64_t>(documents.size())) {
      expect_rows(engine->embed(documents), golden.at("docs.single.last"), kVectorTolerance, model);
      sections.tested();
    } else {
      sections.skip("not the documents of " + file.string());
    }
  }
  sections.finish();
}

TEST(EngineGolden, SamePageAloneInABatchAndInAnotherOrder) {
  test::GoldenSections sections;
  for (const std::string& model : test::golden_models()) {
    std::vector<ModelInput> inputs;
    for (const auto& [name, input] : golden_inputs(model, sections)) inputs.push_back(input);
    if (inputs.empty()) continue;
    sections.tested();
    std::vector<ModelInput> reversed(inputs.rbegin(), inputs.rend());
    const Matrix wanted = open_engine(model, {}, {.threads = 1})->embed(inputs);
    for (const int threads : {1, 2, 3}) {
      for (const int64_t batch_tokens : {1, 100, 100000}) {
        SCOPED_TRACE(model + " threads " + std::to_string(threads) + " batch " +
                     std::to_string(batch_tokens));
        const auto engine =
            open_engine(model, {}, {.threads = threads, .batch_tokens = batch_tokens});
        const Matrix together = engine->embed(inputs);
        const Matrix backwards = engine->embed(reversed);
        for (size_t i = 0; i < inputs.size(); ++i) {
          const auto row = static_cast<int64_t>(i);
          const Matrix alone = engine->embed({&inputs[i], 1});
          EXPECT_LT(distance(together.row(row), wanted.row(row)), kSameInputTolerance) << i;
          EXPECT_LT(distance(alone.row(0), wanted.row(row)), kSameInputTolerance) << i;
          EXPECT_LT(distance(backwards.row(wanted.rows - 1 - row), wanted.row(row)),
                    kSameInputTolerance)
              << i;
        }
      }
    }
  }
  sections.finish();
}

/// The text of peft/MODEL/cases.json, and its page where the set has its activations.
Inputs adapter_inputs(const std::string& model, const Json& cases, test::GoldenSections& sections) {
  Inputs inputs;
  inputs["text"].ids = cases.at("text_ids").get<std::vector<int32_t>>();
  const std::string image = fs::path(cases.at("image").get<std::string>()).stem().string();
  const Inputs pages = golden_inputs(model);
  if (pages.count(image) == 0) {
    sections.skip("no activations of the adapters' page " + model + " " + image);
    return inputs;
  }
  inputs[image] = pages.at(image);
  inputs[image].ids = cases.at("doc_ids").get<std::vector<int32_t>>();
  return inputs;
}

void expect_adapted(Embedder& engine, const SafetensorsFile& golden, const std::string& adapter,
                    const std::string& name, const ModelInput& input) {
  const Matrix vector = engine.embed({&input, 1});
  for (const std::string& key : {adapter + "." + name, adapter + ".merged." + name}) {
    EXPECT_LT(distance(vector.row(0), floats(golden.at(key))), kVectorTolerance) << key;
  }
  // The adapter does something: it is not the base model's vector.
  EXPECT_GT(distance(vector.row(0), floats(golden.at("base." + name))), kVectorTolerance);
}

TEST(EngineGolden, MergedAdapters) {
  test::GoldenSections sections;
  for (const std::string& model : test::golden_models()) {
    const fs::path folder = test::goldens() / "peft" / model;
    if (!sections.has(folder / "vectors.safetensors") || !sections.has(folder / "cases.json")) {
      continue;
    }
    const SafetensorsFile golden(folder / "vectors.safetensors");
    const Inputs inputs = adapter_inputs(model, read_json(folder / "cases.json"), sections);
    for (const auto& entry : fs::directory_iterator(folder)) {
      if (!fs::exists(entry.path() / "adapter_config.json")) continue;
      const std::string adapter = entry.path().filename().string();
      const auto engine =
          make_cpu_embedder(ModelDirectory::open(model_path(model), {}, entry.path()));
      for (const auto& [name, input] : inputs) {
        if (!golden.contains(adapter + "." + name)) {
          sections.skip("no vector of " + adapter + "." + name);
          continue;
        }
        expect_adapted(*engine, golden, adapter, name, input);
        sections.tested();
      }
    }
  }
  sections.finish();
}

}  // namespace
}  // namespace recto
