#include <gtest/gtest.h>

#include "base/json.h"
#include "model/config.h"
#include "model/model_directory.h"
#include "model/weights.h"
#include "support/support.h"

namespace recto {
namespace {

using Shapes = std::map<std::string, std::vector<int64_t>>;

Json parameter_names() {
  const auto path = test::goldens() / "sizes/parameter_names.json.gz";
  if (!std::filesystem::exists(path)) return {};
  const auto unpacked = test::run_command("gzip -dc '" + path.string() + "'");
  return parse_json(unpacked.out, path.string());
}

ModelConfig config_of(const Json& model) {
  Json config = {{"model_type", model["config"]["model_type"]},
                 {"scale_factor", model["config"]["scale_factor"]},
                 {"vision_config", model["config"]["vision"]},
                 {"text_config", model["config"]["text"]}};
  config["text_config"]["rope_theta"] = 100000;
  config["text_config"]["rms_norm_eps"] = 1e-5;
  return parse_model_config(config, "goldens");
}

int64_t count(const Shapes& shapes, const std::string& prefix) {
  int64_t total = 0;
  for (const auto& [name, shape] : shapes) {
    if (name.starts_with(prefix)) total += TensorView{DType::kF32, shape, {}}.elements();
  }
  return total;
}

TEST(WeightsGolden, ExpectedTensorsAreThoseOfThePublishedCheckpoints) {
  const Json models = parameter_names();
  if (models.is_null()) GTEST_SKIP() << "sizes/parameter_names.json.gz is not in this set";
  for (const auto& item : models.items()) {
    SCOPED_TRACE(item.key());
    const ModelConfig config = config_of(item.value());
    Shapes expected = expected_tensors(config);
    EXPECT_EQ(count(expected, ""), item.value()["total_without_head"]);
    EXPECT_EQ(count(expected, "vision_model."), item.value()["vision"]);
    EXPECT_EQ(count(expected, "connector."), item.value()["connector"]);
    EXPECT_EQ(count(expected, "text_model."), item.value()["text"]);
    expected["lm_head.weight"] = {config.text.vocab_size, config.text.hidden_size};
    EXPECT_EQ(count(expected, ""), item.value()["total"]);

    Shapes published;
    for (const auto& parameter : item.value()["params"].items()) {
      published[canonical_tensor_name(parameter.key())] =
          parameter.value().get<std::vector<int64_t>>();
    }
    EXPECT_EQ(expected, published);
  }
}

TEST(WeightsGolden, EveryLayoutHasTheSameCanonicalNames) {
  const auto path = test::goldens() / "sizes/name_layouts.json";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is not in this set";
  const Json layouts = read_json(path);
  for (const Json& example : layouts.at("examples")) {
    const std::string canonical = example.at("canonical");
    for (const auto& layout : example.items()) {
      if (layout.value().is_null()) continue;
      EXPECT_EQ(canonical_tensor_name(layout.value()), canonical) << layout.key();
    }
  }
}

TEST(WeightsGolden, ModelsLoad) {
  for (const std::string& name : test::golden_models()) {
    SCOPED_TRACE(name);
    const auto directory = test::goldens() / "models" / name;
    const ModelConfig config = read_model_config(directory);
    const Weights weights = Weights::load(directory, config);
    for (const auto& [tensor, shape] : expected_tensors(config)) {
      EXPECT_EQ(weights.at(tensor).shape, shape) << tensor;
    }
    EXPECT_EQ(weights.sha256().size(), 64u);
  }
}

// Directories of sentence-transformers hold the bare model.
TEST(WeightsGolden, SentenceTransformersDirectoriesOpen) {
  const auto folder = test::goldens() / "st";
  int opened = 0;
  if (std::filesystem::is_directory(folder)) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (!std::filesystem::exists(entry.path() / "config.json")) continue;
      SCOPED_TRACE(entry.path().string());
      const auto model = ModelDirectory::open(entry.path());
      EXPECT_GE(model->weights().tensors().size(), expected_tensors(model->config()).size());
      ++opened;
    }
  }
  if (opened == 0) GTEST_SKIP() << "no sentence-transformers directory in " << folder;
}

}  // namespace
}  // namespace recto
