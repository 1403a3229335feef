#include <gtest/gtest.h>

#include "base/json.h"
#include "model/config.h"
#include "support/golden_sections.h"
#include "support/support.h"

namespace recto {
namespace {

// Where transformers silently takes a default that gives wrong vectors, or computes something
// recto does not, the configuration must be refused.
bool must_be_refused(const Json& config, const Json& parsed) {
  const Json text = config.value("text_config", Json::object());
  const Json vision = config.value("vision_config", Json::object());
  const Json parameters = text.value("rope_parameters", Json());
  const bool has_theta = text.contains("rope_theta") || parameters.contains("rope_theta");
  const int patches = parsed["vision"]["image_size"].get<int>() /
                      std::max(1, parsed["vision"]["patch_size"].get<int>());
  const int scale = parsed["scale_factor"];
  return !has_theta || !text.contains("rms_norm_eps") || !vision.contains("hidden_size") ||
         !vision.contains("image_size") || !vision.contains("patch_size") ||
         parsed["text"]["rope_parameters"]["rope_type"] != "default" || scale < 1 ||
         patches % scale != 0;
}

// Whether recto refuses a configuration that transformers refuses.
bool refuses(const Json& config, const std::string& name) {
  try {
    parse_model_config(config, name);
    return false;
  } catch (const Error&) {
    return true;
  }
}

void expect_parsed(const ModelConfig& config, const Json& parsed) {
  EXPECT_EQ(config.model_type, parsed["model_type"]);
  EXPECT_EQ(config.scale_factor, parsed["scale_factor"]);
  EXPECT_EQ(config.image_token_id, parsed["image_token_id"]);
  EXPECT_EQ(config.tie_word_embeddings, parsed["tie_word_embeddings"]);
  const std::map<std::string, DType> dtypes = {
      {"float32", DType::kF32}, {"float16", DType::kF16}, {"bfloat16", DType::kBF16}};
  if (!parsed["dtype"].is_null()) {
    EXPECT_EQ(config.dtype, dtypes.at(parsed["dtype"]));
  }

  const Json& text = parsed["text"];
  EXPECT_EQ(config.text.vocab_size, text["vocab_size"]);
  EXPECT_EQ(config.text.hidden_size, text["hidden_size"]);
  EXPECT_EQ(config.text.intermediate_size, text["intermediate_size"]);
  EXPECT_EQ(config.text.num_hidden_layers, text["num_hidden_layers"]);
  EXPECT_EQ(config.text.num_attention_heads, text["num_attention_heads"]);
  EXPECT_EQ(config.text.num_key_value_heads, text["num_key_value_heads"]);
  EXPECT_EQ(config.text.head_dim, text["head_dim"]);
  EXPECT_EQ(config.text.rms_norm_eps, text["rms_norm_eps"].get<double>());
  EXPECT_EQ(config.text.rope_theta, text["rope_parameters"]["rope_theta"].get<double>());
  EXPECT_EQ(config.text.max_position_embeddings, text["max_position_embeddings"]);

  const Json& vision = parsed["vision"];
  EXPECT_EQ(config.vision.hidden_size, vision["hidden_size"]);
  EXPECT_EQ(config.vision.intermediate_size, vision["intermediate_size"]);
  EXPECT_EQ(config.vision.num_hidden_layers, vision["num_hidden_layers"]);
  EXPECT_EQ(config.vision.num_attention_heads, vision["num_attention_heads"]);
  EXPECT_EQ(config.vision.image_size, vision["image_size"]);
  EXPECT_EQ(config.vision.patch_size, vision["patch_size"]);
  EXPECT_EQ(config.vision.layer_norm_eps, vision["layer_norm_eps"].get<double>());
}

TEST(ConfigGolden, CasesReadAsTransformersReadsThem) {
  const auto path = test::goldens() / "configs/cases.json";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is not in this set";
  const Json cases = read_json(path);
  test::GoldenSections sections;
  for (const auto& item : cases.items()) {
    SCOPED_TRACE(item.key());
    const Json& config = item.value().at("config");
    if (!item.value().contains("parsed")) {
      if (refuses(config, item.key())) {
        sections.tested();
      } else {
        sections.skip(item.key() + " is read, which transformers refused: " +
                      item.value().value("error", "no reason given"));
      }
      continue;
    }
    sections.tested();
    const Json& parsed = item.value().at("parsed");
    if (must_be_refused(config, parsed)) {
      EXPECT_THROW(parse_model_config(config, item.key()), Error);
    } else {
      EXPECT_NO_THROW(expect_parsed(parse_model_config(config, item.key()), parsed));
    }
  }
  sections.finish();
}

TEST(ConfigGolden, ModelsHaveTheVisualTokensTheirProcessorSays) {
  test::GoldenSections sections;
  for (const std::string& name : test::golden_models()) {
    SCOPED_TRACE(name);
    const auto directory = test::goldens() / "models" / name;
    if (!sections.has(directory / "processor_config.json")) continue;
    const Json processor = read_json(directory / "processor_config.json");
    if (!processor.contains("image_seq_len")) {
      sections.skip(name + " has no image_seq_len");
      continue;
    }
    EXPECT_EQ(read_model_config(directory).image_seq_len(), processor.at("image_seq_len"));
    sections.tested();
  }
  sections.finish();
}

}  // namespace
}  // namespace recto
