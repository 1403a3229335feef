#include "model/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "support/tiny_model.h"

namespace recto {
namespace {
using ::testing::HasSubstr;

// A change to the tiny configuration: JSON pointer and value; null removes the key.
struct Change {
  const char* pointer;
  Json value;
};

Json changed(const std::vector<Change>& changes) {
  Json config = test::tiny_config();
  for (const Change& change : changes) {
    const Json::json_pointer pointer(change.pointer);
    if (change.value.is_null()) {
      config[pointer.parent_pointer()].erase(pointer.back());
    } else {
      config[pointer] = change.value;
    }
  }
  return config;
}

TEST(Config, WhatCannotBeComputedIsRefusedByName) {
  struct Case {
    std::vector<Change> changes;
    ErrorCode code;
    const char* says;
  };
  const ErrorCode bad = ErrorCode::kBadInput;
  const ErrorCode unsupported = ErrorCode::kUnsupported;
  const std::vector<Case> cases = {
      {{{"/model_type", nullptr}}, bad, "model_type"},
      {{{"/model_type", "qwen2_vl"}}, unsupported, "qwen2_vl"},
      {{{"/vision_config", nullptr}}, bad, "vision_config"},
      {{{"/text_config", nullptr}}, bad, "text_config"},
      {{{"/text_config", 3}}, bad, "text_config"},
      {{{"/dtype", "float8"}}, unsupported, "float8"},
      {{{"/quantization_config", {{"bits", 4}}}}, unsupported, "quantization_config"},
      {{{"/scale_factor", 0}}, bad, "scale_factor is 0"},
      {{{"/scale_factor", -2}}, bad, "scale_factor is -2"},
      {{{"/scale_factor", 3}}, bad, "scale_factor 3"},
      {{{"/image_token_id", -1}}, bad, "image_token_id"},
      {{{"/image_token_id", 3000000000}}, bad, "image_token_id"},
      {{{"/vision_config/hidden_size", nullptr}}, bad, "vision_config: the key \"hidden_size\""},
      {{{"/vision_config/image_size", nullptr}}, bad, "image_size"},
      {{{"/vision_config/patch_size", nullptr}}, bad, "patch_size"},
      {{{"/vision_config/patch_size", 0}}, bad, "patch_size is 0"},
      {{{"/vision_config/patch_size", 17}}, bad, "larger than image_size"},
      {{{"/vision_config/image_size", Json({16, 32})}}, unsupported, "not square"},
      {{{"/vision_config/num_attention_heads", 3}}, bad, "num_attention_heads 3"},
      {{{"/vision_config/num_attention_heads", nullptr}}, bad, "num_attention_heads 16"},
      {{{"/vision_config/num_channels", 1}}, unsupported, "num_channels"},
      {{{"/vision_config/hidden_act", "gelu"}}, unsupported, "hidden_act"},
      {{{"/vision_config/layer_norm_eps", 0}}, bad, "layer_norm_eps"},
      {{{"/vision_config/num_hidden_layers", 100000}}, bad, "num_hidden_layers"},
      {{{"/text_config/rope_theta", nullptr}}, bad, "rope_theta is missing"},
      {{{"/text_config/rope_theta", -1}}, bad, "rope_theta"},
      {{{"/text_config/rope_theta", "1e5"}}, bad, "rope_theta"},
      {{{"/text_config/rms_norm_eps", nullptr}}, bad, "rms_norm_eps is missing"},
      {{{"/text_config/rms_norm_eps", 0}}, bad, "rms_norm_eps"},
      {{{"/text_config/vocab_size", nullptr}}, bad, "vocab_size"},
      {{{"/text_config/hidden_size", nullptr}}, bad, "hidden_size"},
      {{{"/text_config/hidden_size", 1000000000}}, bad, "hidden_size"},
      {{{"/text_config/hidden_size", 12.5}}, bad, "hidden_size"},
      {{{"/text_config/intermediate_size", nullptr}}, bad, "intermediate_size"},
      {{{"/text_config/num_hidden_layers", nullptr}}, bad, "num_hidden_layers"},
      {{{"/text_config/num_attention_heads", nullptr}}, bad, "num_attention_heads"},
      {{{"/text_config/num_attention_heads", 5}}, bad, "num_attention_heads 5"},
      {{{"/text_config/num_key_value_heads", 2}}, bad, "num_key_value_heads 2"},
      {{{"/text_config/head_dim", 5}}, bad, "head_dim 5"},
      {{{"/text_config/model_type", "mistral"}}, unsupported, "mistral"},
      {{{"/text_config/hidden_act", "gelu"}}, unsupported, "hidden_act"},
      {{{"/text_config/attention_bias", true}}, unsupported, "attention_bias"},
      {{{"/text_config/mlp_bias", true}}, unsupported, "mlp_bias"},
      {{{"/text_config/qk_layer_norms", true}}, unsupported, "qk_layer_norms"},
      {{{"/text_config/rope_scaling", {{"type", "linear"}, {"factor", 2.0}}}},
       unsupported,
       "linear"},
      {{{"/text_config/rope_parameters", {{"rope_type", "yarn"}, {"rope_theta", 1e4}}}},
       unsupported,
       "yarn"},
      {{{"/text_config/rope_parameters", {{"partial_rotary_factor", 0.5}}}},
       unsupported,
       "partial_rotary_factor"},
  };
  for (const Case& c : cases) {
    try {
      parse_model_config(changed(c.changes), "config.json");
      ADD_FAILURE() << "accepted: " << c.says;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), c.code) << error.what();
      EXPECT_THAT(error.what(), HasSubstr("config.json"));
      EXPECT_THAT(error.what(), HasSubstr(c.says));
    }
  }
}

TEST(Config, LeftoversAndBothSpellingsAreRead) {
  const ModelConfig config = parse_model_config(
      changed({{"/dtype", nullptr},
               {"/torch_dtype", "bfloat16"},
               {"/text_config/qk_layer_norms", false},
               {"/text_config/perceiver_config", Json::object()},
               {"/text_config/rope_parameters", {{"rope_type", "default"}, {"rope_theta", 5e4}}},
               {"/vision_config/image_size", Json({16, 16})}}),
      "config.json");
  EXPECT_EQ(config.dtype, DType::kBF16);
  EXPECT_EQ(config.text.rope_theta, 5e4);
  EXPECT_EQ(config.vision.image_size, 16);
  EXPECT_EQ(config.text.head_dim, 4);
  EXPECT_EQ(config.image_seq_len(), 4);
}

TEST(Config, MissingDirectoryAndFileAreNamed) {
  TemporaryDirectory directory;
  for (const auto& [path, says] : {std::pair{directory.path() / "none", "does not exist"},
                                   std::pair{directory.path(), "config.json"}}) {
    try {
      read_model_config(path);
      FAIL() << "no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kNotFound);
      EXPECT_THAT(error.what(), HasSubstr(says));
    }
  }
  write_file(directory.path() / "config.json", "{\"model_type\": \"\xff\"}");
  EXPECT_THROW(read_model_config(directory.path()), Error);
  write_file(directory.path() / "config.json", "[1, 2]");
  EXPECT_THROW(read_model_config(directory.path()), Error);
}

}  // namespace
}  // namespace recto
