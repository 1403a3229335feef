#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <fstream>

#include "base/json.h"
#include "model/preset.h"
#include "model/smollm2_tokenizer.h"
#include "model/tokenizer.h"
#include "model/weights.h"
#include "support/golden_sections.h"
#include "support/support.h"

namespace recto {
namespace {

using Shapes = std::map<std::string, std::vector<int64_t>>;

Shapes shapes_of(const Json& model) {
  Shapes shapes;
  for (const auto& parameter : model.at("params").items()) {
    shapes[canonical_tensor_name(parameter.key())] = parameter.value().get<std::vector<int64_t>>();
  }
  return shapes;
}

// Whether the name of one of the checkpoints tells the size of a preset: "SmolVLM-256M-Instruct".
bool has_size(const Json& models, std::string preset) {
  std::transform(preset.begin(), preset.end(), preset.begin(), ::toupper);
  for (const auto& item : models.items()) {
    if (item.key().find("-" + preset + "-") != std::string::npos) return true;
  }
  return false;
}

// The presets of the sizes in the set have exactly the tensors of a published checkpoint.
TEST(PresetGolden, PublishedCheckpointsHaveAPreset) {
  const auto path = test::goldens() / "sizes/parameter_names.json.gz";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is not in this set";
  const Json models =
      parse_json(test::run_command("gzip -dc '" + path.string() + "'").out, path.string());
  test::GoldenSections sections;
  std::vector<Shapes> published;
  for (const auto& item : models.items()) published.push_back(shapes_of(item.value()));
  for (const std::string& name : preset_names()) {
    if (!has_size(models, name)) {  // or recto's own size
      sections.skip("no checkpoint of the size " + name);
      continue;
    }
    const ModelConfig config = preset_config(name);
    Shapes shapes = expected_tensors(config);
    shapes["lm_head.weight"] = {config.text.vocab_size, config.text.hidden_size};
    EXPECT_NE(std::find(published.begin(), published.end(), shapes), published.end())
        << name << " is none of the published checkpoints";
    sections.tested();
  }
  sections.finish();
}

TEST(PresetGolden, TheV1TokenizerGivesTheGoldenIds) {
  const auto path = test::goldens() / "tokenizer/cases_smollm2_v1_2b.jsonl";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is not in this set";
  const Tokenizer tokenizer = Tokenizer::parse(dump_json(smollm2_v1_tokenizer()), "v1");
  std::ifstream lines(path);
  int cases = 0;
  for (std::string line; std::getline(lines, line); ++cases) {
    const Json json = parse_json(line, path.string());
    EXPECT_EQ(tokenizer.encode(json.at("text").get<std::string>()),
              json.at("ids").get<std::vector<int32_t>>());
  }
  EXPECT_GT(cases, 0);
}

}  // namespace
}  // namespace recto
