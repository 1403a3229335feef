// What transformers and PEFT make of the directories recto writes.

#include <gtest/gtest.h>

#include <cmath>

#include "base/file.h"
#include "base/json.h"
#include "model/adapter.h"
#include "model/model_directory.h"
#include "model/preset.h"
#include "model/safetensors.h"
#include "model/smollm2_tokenizer.h"
#include "support/support.h"
#include "support/tiny_model.h"

namespace recto {
namespace {
namespace fs = std::filesystem;

Json ask_python(const std::string& arguments) {
  const fs::path script = test::source_directory() / "tests/oracles/transformers_loads.py";
  const auto result =
      test::run_command(test::python().string() + " '" + script.string() + "' " + arguments);
  EXPECT_EQ(result.status, 0) << result.err;
  return result.status == 0 ? parse_json(result.out, "oracle") : Json();
}

void expect_same_model(const Json& loaded, const fs::path& directory) {
  SCOPED_TRACE(directory.string());
  const auto model = ModelDirectory::open(directory);
  EXPECT_TRUE(loaded["problems"].empty()) << loaded["problems"];
  EXPECT_EQ(loaded["class"], loaded["architecture"]);
  EXPECT_EQ(loaded["weights_sha256"], model->contract().weights_sha256);
  EXPECT_EQ(loaded["processor"], "Idefics3Processor");
  EXPECT_EQ(loaded["image_token_id"], model->config().image_token_id);
  EXPECT_EQ(loaded["image_seq_len"], model->config().image_seq_len());
  EXPECT_EQ(loaded["longest_edge"], model->contract().views.longest_edge);
  EXPECT_EQ(loaded["tile"], model->contract().views.tile);
  EXPECT_EQ(loaded["image_splitting"], model->contract().views.image_splitting);
  EXPECT_EQ(loaded["ids"].get<std::vector<int32_t>>(),
            model->tokenizer().encode("Größe 12 <image>"));
  EXPECT_EQ(loaded["chat"], "<|im_start|>User:<image>x<end_of_utterance>\nAssistant:");
}

// A golden model without its head and without the optional files, as another program may leave it.
fs::path bare_copy(const std::string& name, const fs::path& directory) {
  const fs::path source = test::goldens() / "models" / name;
  const fs::path copy = directory / "bare source";
  fs::create_directories(copy);
  for (const char* file :
       {"config.json", "preprocessor_config.json", "processor_config.json", "tokenizer.json"}) {
    fs::copy(source / file, copy / file);
  }
  const ModelConfig config = read_model_config(source);
  const Weights weights = Weights::load(source, config);
  SafetensorsWriter writer;
  for (const auto& [tensor, view] : weights.tensors()) {
    if (tensor != "lm_head.weight") writer.add(tensor, view);
  }
  writer.write(copy / "model.safetensors");
  return copy;
}

TEST(ModelOracle, TransformersLoadsWhatIsWritten) {
  TemporaryDirectory directory;
  std::vector<fs::path> written;
  for (const std::string& name : test::golden_models()) {
    const std::vector<fs::path> sources = {test::goldens() / "models" / name,
                                           bare_copy(name, directory.path() / name)};
    for (const fs::path& source : sources) {
      const auto model = ModelDirectory::open(source);
      Contract contract = model->contract();
      contract.views.image_splitting = false;
      written.push_back(directory.path() / fmt::format("out{}", written.size()));
      const DType dtype = written.size() % 2 == 0 ? DType::kF32 : DType::kBF16;
      write_model_directory(*model, model->weights(), dtype, contract, written.back());
    }
  }
  written.push_back(directory.path() / "nano");
  create_model("nano", 5, written.back());

  std::string arguments = "models";
  for (const fs::path& path : written) arguments += " '" + path.string() + "'";
  const Json loaded = ask_python(arguments);
  ASSERT_EQ(loaded.size(), written.size());
  for (size_t i = 0; i < written.size(); ++i) expect_same_model(loaded[i], written[i]);
  EXPECT_EQ(loaded.back()["tokenizer_size"], 4096);
}

Adapter random_adapter(const ModelConfig& config, const fs::path& base, bool variant) {
  LoraOptions options;
  options.r = 3;
  options.alpha = 5;
  options.use_rslora = variant;
  options.use_dora = variant;
  options.target_modules = variant ? Json{"q_proj", "down_proj", "fc1"}
                                   : Json(R"(text_model\.layers\.\d+\.(self_attn|mlp)\..*_proj)");
  options.base_model = base.string();
  Adapter adapter;
  adapter.config = lora_config(options);
  const auto shapes = expected_tensors(config);
  for (const std::string& path : match_modules(options.target_modules, config)) {
    const auto& shape = shapes.at(path + ".weight");
    AdapterModule& module = adapter.modules[path];
    module.rank = options.r;
    module.scale = options.alpha / (variant ? std::sqrt(3.0) : 3.0);
    module.a = test::tiny_values(path + "a", options.r * shape[1]);
    module.b = test::tiny_values(path + "b", options.r * shape[0]);
    if (variant) module.magnitude = std::vector<float>(static_cast<size_t>(shape[0]), 0.6f);
  }
  return adapter;
}

TEST(ModelOracle, PeftAppliesTheAdaptersThatAreWritten) {
  const fs::path base = test::goldens() / "models" / test::golden_models().back();
  const ModelConfig config = read_model_config(base);
  TemporaryDirectory directory;
  std::string arguments = "adapters '" + base.string() + "'";
  for (const bool variant : {false, true}) {
    const Adapter adapter = random_adapter(config, base, variant);
    const fs::path path = directory.path() / (variant ? "dora" : "lora");
    write_adapter(adapter, config, Contract::default_for({}, config.text.hidden_size), path);
    Weights weights = Weights::load(base, config);
    merge_adapter(weights, adapter);
    SafetensorsWriter writer;
    for (const auto& [tensor, view] : weights.tensors()) {
      if (tensor != "lm_head.weight") writer.add(tensor, view);
    }
    writer.write(path / "merged.safetensors");
    arguments += fmt::format(" '{0}' '{0}/merged.safetensors'", path.string());
  }
  const Json found = ask_python(arguments);
  ASSERT_EQ(found.size(), 2u);
  for (const Json& adapter : found) {
    EXPECT_EQ(adapter["compared"], expected_tensors(config).size());
    EXPECT_LE(adapter["worst"].get<double>(), 2e-5);
  }
}

}  // namespace
}  // namespace recto
