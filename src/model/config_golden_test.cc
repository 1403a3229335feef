#include <gtest/gtest.h>

#include "base/json.h"
#include "model/config.h"
#include "support/support.h"

namespace recto {
namespace {

// Where transformers silently takes a default that gives wrong vectors, or computes something
// recto does not, the configuration must be refused.
bool must_be_refused(const Json& config, const Json& parsed) {
  const Json& text = config.at("text_config");
  const Json& vision = config.at("vision_config");
  const bool has_theta =
      text.contains("rope_theta") ||
      (text.contains("rope_parameters") && text["rope_parameters"].contains("rope_theta"));
  const int patches = parsed["vision"]["image_size"].get<int>() /
                      std::max(1, parsed["vision"]["patch_size"].get<int>());
  return !has_theta || !text.contains("rms_norm_eps") || !vision.contains("hidden_size") ||
         !vision.contains("image_size") || !vision.contains("patch_size") ||
         parsed["text"]["rope_parameters"]["rope_type"] != "default" ||
         patches % parsed["scale_factor"].get<int>() != 0;
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
  ASSERT_FALSE(cases.empty());
  for (const auto& item : cases.items()) {
    SCOPED_TRACE(item.key());
    const Json& config = item.value().at("config");
    const Json& parsed = item.value().at("parsed");
    if (must_be_refused(config, parsed)) {
      EXPECT_THROW(parse_model_config(config, item.key()), Error);
    } else {
      EXPECT_NO_THROW(expect_parsed(parse_model_config(config, item.key()), parsed));
    }
  }
}

TEST(ConfigGolden, ModelsHaveTheVisualTokensTheirProcessorSays) {
  for (const std::string& name : test::golden_models()) {
    SCOPED_TRACE(name);
    const auto directory = test::goldens() / "models" / name;
    const ModelConfig config = read_model_config(directory);
    const Json processor = read_json(directory / "processor_config.json");
    EXPECT_EQ(config.image_seq_len(), processor.at("image_seq_len"));
  }
}

}  // namespace
}  // namespace recto
