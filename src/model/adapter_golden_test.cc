#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "model/adapter.h"
#include "model/continued_adapter.h"
#include "model/model_directory.h"
#include "model/safetensors.h"
#include "support/golden_sections.h"
#include "support/support.h"

namespace recto {
namespace {
namespace fs = std::filesystem;

std::vector<fs::path> subdirectories(const fs::path& folder) {
  std::vector<fs::path> found;
  if (!fs::is_directory(folder)) return found;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.is_directory()) found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

void expect_close(const std::vector<float>& found, const std::vector<float>& wanted) {
  ASSERT_EQ(found.size(), wanted.size());
  float worst = 0;
  for (size_t i = 0; i < found.size(); ++i) {
    worst = std::max(worst, std::abs(found[i] - wanted[i]));
  }
  EXPECT_LE(worst, 2e-5f);
}

// Every weight of the file's `<variant>.merged_weight.<name>` tensors.
int compare_merged(const Weights& weights, const SafetensorsFile& goldens,
                   const std::string& variant) {
  const std::string prefix = variant + ".merged_weight.";
  int compared = 0;
  for (const auto& [key, tensor] : goldens.tensors()) {
    if (!key.starts_with(prefix)) continue;
    SCOPED_TRACE(key);
    const TensorView& merged = weights.at(canonical_tensor_name(key.substr(prefix.size())));
    EXPECT_EQ(merged.shape, tensor.shape);
    expect_close(to_float(merged), to_float(tensor));
    ++compared;
  }
  return compared;
}

// ModelDirectory::open with the adapter has the same weights, and a contract of its own.
void expect_opens_merged(const fs::path& model, const fs::path& adapter, const Weights& merged) {
  const auto plain = ModelDirectory::open(model);
  const auto opened = ModelDirectory::open(model, {}, adapter);
  EXPECT_EQ(opened->weights().sha256(), merged.sha256());
  EXPECT_NE(opened->contract().hash(), plain->contract().hash());
  EXPECT_EQ(opened->contract().hash(), ModelDirectory::open(model, {}, adapter)->contract().hash());
}

TEST(AdapterGolden, EveryVariantCanBeTrainedOn) {
  test::GoldenSections sections;
  for (const fs::path& folder : subdirectories(test::goldens() / "peft")) {
    const fs::path model = test::goldens() / "models" / folder.filename();
    if (!sections.has(model / "config.json")) continue;
    const ModelConfig config = read_model_config(model);
    for (const fs::path& directory : subdirectories(folder)) {
      SCOPED_TRACE(directory.string());
      Adapter adapter = read_adapter(directory, config);
      adapter.config = continued_adapter_config(adapter, directory, config, 0.25, "the base");
      EXPECT_EQ(adapter.config["lora_dropout"], 0.25);
      const TemporaryDirectory place;
      write_adapter(adapter, config, Contract::default_for({}, config.text.hidden_size),
                    place.path() / "again");
      EXPECT_EQ(adapter_sha256(read_adapter(place.path() / "again", config)),
                adapter_sha256(adapter));
      sections.tested();
    }
  }
  sections.finish();
}

TEST(AdapterGolden, EveryVariantMergesToTheGoldenWeight) {
  test::GoldenSections sections;
  for (const fs::path& folder : subdirectories(test::goldens() / "peft")) {
    const fs::path model = test::goldens() / "models" / folder.filename();
    if (!sections.has(model / "config.json") || !sections.has(folder / "vectors.safetensors") ||
        !sections.has(folder / "cases.json")) {
      continue;
    }
    const ModelConfig config = read_model_config(model);
    const SafetensorsFile goldens(folder / "vectors.safetensors");
    const Json cases = read_json(folder / "cases.json");
    for (const fs::path& directory : subdirectories(folder)) {
      const std::string variant = directory.filename();
      if (!sections.has(directory / "adapter_config.json")) continue;
      SCOPED_TRACE(directory.string());
      const Adapter adapter = read_adapter(directory, config);
      const Json wanted = cases.at("variants").value(variant, Json::object());
      if (wanted.contains("adapted_modules")) {
        EXPECT_EQ(adapter.modules.size(), wanted.at("adapted_modules"));
      }
      Weights weights = Weights::load(model, config);
      merge_adapter(weights, adapter);
      expect_opens_merged(model, directory, weights);
      if (compare_merged(weights, goldens, variant) > 0) {
        sections.tested();
      } else {
        sections.skip("no merged weight of " + directory.string());
      }
    }
  }
  sections.finish();
}

}  // namespace
}  // namespace recto
