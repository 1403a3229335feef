#include "model/weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "support/tiny_model.h"

namespace recto {
namespace {
namespace fs = std::filesystem;
using test::TinyTensors;
using ::testing::HasSubstr;

const ModelConfig& config() {
  static const ModelConfig parsed = parse_model_config(test::tiny_config(), "tiny");
  return parsed;
}

std::string with_model(const std::string& name) {
  return name == "lm_head.weight" ? name : "model." + name;
}

std::string as_mlx(const std::string& name) {
  if (name.starts_with("text_model.")) return "language_model.model." + name.substr(11);
  return name == "lm_head.weight" ? "language_model.lm_head.weight" : name;
}

std::string message_of(const fs::path& directory, ErrorCode code) {
  try {
    Weights::load(directory, config());
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    return error.what();
  }
  return "no error";
}

TEST(Weights, EveryLayoutGivesTheSameHash) {
  TemporaryDirectory directory;
  std::string first;
  for (const auto& rename : {std::function<std::string(const std::string&)>(with_model),
                             std::function<std::string(const std::string&)>(as_mlx),
                             std::function<std::string(const std::string&)>(
                                 [](const std::string& name) { return name; })}) {
    test::write_tiny_tensors(directory.path() / "model.safetensors",
                             test::renamed(test::tiny_tensors(), rename));
    const Weights weights = Weights::load(directory.path(), config());
    EXPECT_TRUE(weights.contains("text_model.layers.1.mlp.down_proj.weight"));
    EXPECT_TRUE(weights.contains("lm_head.weight"));
    if (first.empty()) first = weights.sha256();
    EXPECT_EQ(weights.sha256(), first);
  }
}

TEST(Weights, ConvolutionsInMlxOrderAreTurned) {
  TemporaryDirectory directory;
  TinyTensors tensors = test::renamed(test::tiny_tensors(), as_mlx);
  const std::string name = "vision_model.embeddings.patch_embedding.weight";
  tensors[name].shape = {8, 4, 4, 3};
  test::write_tiny_tensors(directory.path() / "model.safetensors", tensors);
  const Weights weights = Weights::load(directory.path(), config());
  EXPECT_EQ(weights.at(name).shape, (std::vector<int64_t>{8, 3, 4, 4}));
  const auto file = test::tiny_values(name, 8 * 3 * 4 * 4);
  const auto turned = to_float(weights.at(name));
  for (size_t o = 0; o < 8; ++o) {
    for (size_t pixel = 0; pixel < 16; ++pixel) {
      for (size_t c = 0; c < 3; ++c) {
        ASSERT_EQ(turned[(o * 3 + c) * 16 + pixel], file[(o * 16 + pixel) * 3 + c]);
      }
    }
  }
  test::write_tiny_tensors(directory.path() / "model.safetensors", [&] {
    TinyTensors plain = test::tiny_tensors();
    plain[name].shape = {8, 4, 4, 3};
    return plain;
  }());
  EXPECT_THAT(message_of(directory.path(), ErrorCode::kBadInput), HasSubstr("[8, 4, 4, 3]"));
}

TEST(Weights, WhatDoesNotFitIsRefusedByName) {
  struct Case {
    const char* name;
    std::function<void(TinyTensors&)> change;
    std::vector<std::string> says;
  };
  const std::vector<Case> cases = {
      {"missing",
       [](TinyTensors& t) { t.erase("text_model.norm.weight"); },
       {"lack", "\"text_model.norm.weight\" [12]"}},
      {"two missing",
       [](TinyTensors& t) {
         t.erase("text_model.norm.weight");
         t.erase("vision_model.post_layernorm.bias");
       },
       {"and 1 more"}},
      {"surplus",
       [](TinyTensors& t) { t["text_model.layers.2.input_layernorm.weight"].shape = {12}; },
       {"text_model.layers.2.input_layernorm.weight", "no tensor of this model"}},
      {"late interaction",
       [](TinyTensors& t) { t["linear.weight"].shape = {128, 12}; },
       {"linear.weight", "ColIdefics3"}},
      {"adapter tensor",
       [](TinyTensors& t) { t["base_model.model.x.lora_A.weight"].shape = {1, 1}; },
       {"lora_A", "adapter"}},
      {"misshapen",
       [](TinyTensors& t) { t["text_model.norm.weight"].shape = {13}; },
       {"text_model.norm.weight", "[13]", "[12]"}},
      {"transposed",
       [](TinyTensors& t) { t["text_model.layers.0.mlp.up_proj.weight"].shape = {12, 20}; },
       {"[12, 20]", "[20, 12]"}},
      {"head of another vocabulary",
       [](TinyTensors& t) { t["lm_head.weight"].shape = {41, 12}; },
       {"lm_head.weight", "[41, 12]"}},
      {"integers",
       [](TinyTensors& t) { t["text_model.norm.weight"].dtype = DType::kI32; },
       {"text_model.norm.weight", "I32"}},
      {"double precision",
       [](TinyTensors& t) { t["text_model.norm.weight"].dtype = DType::kF64; },
       {"F64"}},
      {"both prefixes",
       [](TinyTensors& t) { t["model.text_model.norm.weight"].shape = {12}; },
       {"text_model.norm.weight", "twice"}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    TemporaryDirectory directory;
    TinyTensors tensors = test::tiny_tensors();
    c.change(tensors);
    test::write_tiny_tensors(directory.path() / "model.safetensors", tensors);
    const std::string message = message_of(directory.path(), ErrorCode::kBadInput);
    for (const std::string& text : c.says) EXPECT_THAT(message, HasSubstr(text));
  }
}

TEST(Weights, HeadIsOptionalAndOldBuffersAreLeftOut) {
  TemporaryDirectory directory;
  TinyTensors tensors = test::tiny_tensors();
  tensors.erase("lm_head.weight");
  tensors["model.text_model.layers.0.self_attn.rotary_emb.inv_freq"].shape = {2};
  tensors["model.text_model.rotary_emb.inv_freq"].shape = {2};
  tensors["model.vision_model.embeddings.position_ids"] = {DType::kI64, {1, 16}};
  tensors["text_model.norm.weight"].dtype = DType::kF16;
  tensors["vision_model.post_layernorm.bias"].dtype = DType::kBF16;
  test::write_tiny_tensors(directory.path() / "model.safetensors", tensors);
  const Weights weights = Weights::load(directory.path(), config());
  EXPECT_FALSE(weights.contains("lm_head.weight"));
  EXPECT_EQ(weights.tensors().size(), expected_tensors(config()).size());
}

// Two shards and an index; `change` may spoil the index.
void write_shards(const fs::path& directory, const std::function<void(Json&)>& change) {
  TinyTensors shards[2];
  Json index = {{"metadata", {{"total_size", 0}}}, {"weight_map", Json::object()}};
  for (const auto& [name, tensor] : test::tiny_tensors()) {
    const size_t shard = name.starts_with("text_model") ? 1 : 0;
    shards[shard][name] = tensor;
    index["weight_map"][name] = fmt::format("model-{}.safetensors", shard);
  }
  test::write_tiny_tensors(directory / "model-0.safetensors", shards[0]);
  test::write_tiny_tensors(directory / "model-1.safetensors", shards[1]);
  change(index);
  write_file(directory / "model.safetensors.index.json", dump_json(index));
}

TEST(Weights, ShardsHashAsOneFile) {
  TemporaryDirectory sharded;
  TemporaryDirectory single;
  write_shards(sharded.path(), [](Json&) {});
  test::write_tiny_tensors(single.path() / "model.safetensors", test::tiny_tensors());
  const Weights weights = Weights::load(sharded.path(), config());
  EXPECT_EQ(weights.sha256(), Weights::load(single.path(), config()).sha256());
  EXPECT_EQ(weights.files().size(), 2u);
}

TEST(Weights, BadIndexesAreRefusedByName) {
  struct Case {
    std::function<void(Json&)> change;
    ErrorCode code;
    const char* says;
  };
  const std::string norm = "text_model.norm.weight";
  const std::vector<Case> cases = {
      {[](Json& j) { j.erase("weight_map"); }, ErrorCode::kBadInput, "weight_map"},
      {[](Json& j) { j["weight_map"] = 5; }, ErrorCode::kBadInput, "weight_map"},
      {[](Json& j) { j["weight_map"] = Json::object(); }, ErrorCode::kBadInput, "empty"},
      {[&](Json& j) { j["weight_map"][norm] = 5; }, ErrorCode::kBadInput, "text_model.norm"},
      {[&](Json& j) { j["weight_map"][norm] = "model-2.safetensors"; }, ErrorCode::kNotFound,
       "model-2.safetensors"},
      {[&](Json& j) { j["weight_map"][norm] = "model-0.safetensors"; }, ErrorCode::kBadInput,
       "should be in model-0.safetensors"},
      {[&](Json& j) { j["weight_map"].erase(norm); }, ErrorCode::kBadInput, "nowhere"},
      {[](Json& j) { j["weight_map"]["extra"] = "model-0.safetensors"; }, ErrorCode::kBadInput,
       "\"extra\""},
      {[&](Json& j) { j["weight_map"][norm] = "../model-1.safetensors"; }, ErrorCode::kBadInput,
       "no plain file name"},
      {[&](Json& j) { j["weight_map"][norm] = "/etc/passwd"; }, ErrorCode::kBadInput,
       "no plain file name"},
      {[&](Json& j) { j["weight_map"][norm] = ".."; }, ErrorCode::kBadInput, "no plain file name"},
      {[&](Json& j) { j["weight_map"][norm] = ""; }, ErrorCode::kBadInput, "no plain file name"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.says);
    TemporaryDirectory directory;
    write_shards(directory.path(), c.change);
    EXPECT_THAT(message_of(directory.path(), c.code), HasSubstr(c.says));
  }
}

TEST(Weights, ADirectoryWithoutWeightsSaysWhatItHas) {
  TemporaryDirectory directory;
  EXPECT_THAT(message_of(directory.path(), ErrorCode::kNotFound), HasSubstr("neither"));
  write_file(directory.path() / "adapter_model.safetensors", "");
  EXPECT_THAT(message_of(directory.path(), ErrorCode::kNotFound), HasSubstr("adapter"));
  write_file(directory.path() / "pytorch_model.bin", "");
  EXPECT_THAT(message_of(directory.path(), ErrorCode::kUnsupported), HasSubstr("pickle"));
}

TEST(Weights, ReplacedTensorsAreFp32AndChangeTheHash) {
  TemporaryDirectory directory;
  test::write_tiny_tensors(directory.path() / "model.safetensors", test::tiny_tensors());
  const Weights original = Weights::load(directory.path(), config());
  Weights changed = original;
  changed.replace("text_model.norm.weight", std::vector<float>(12, 2.0f));
  EXPECT_EQ(to_float(changed.at("text_model.norm.weight")), std::vector<float>(12, 2.0f));
  EXPECT_NE(changed.sha256(), original.sha256());
  EXPECT_EQ(to_float(original.at("text_model.norm.weight")),
            test::tiny_values("text_model.norm.weight", 12));
  EXPECT_THROW(original.at("text_model.nothing"), Error);
}

}  // namespace
}  // namespace recto
