#include "model/adapter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "base/file.h"
#include "model/lora_settings.h"
#include "model/python_regex.h"
#include "support/tiny_model.h"

namespace recto {
namespace {
namespace fs = std::filesystem;
using ::testing::HasSubstr;

const ModelConfig& config() {
  static const ModelConfig parsed = parse_model_config(test::tiny_config(), "tiny");
  return parsed;
}

Contract contract() { return Contract::default_for({}, config().text.hidden_size); }

Weights tiny_weights(const fs::path& directory) {
  test::write_tiny_tensors(directory / "model.safetensors", test::tiny_tensors());
  return Weights::load(directory, config());
}

// Rank 2 on the query projections of the text model.
Adapter tiny_adapter(bool dora = false) {
  LoraOptions options;
  options.r = 2;
  options.alpha = 3;
  options.use_dora = dora;
  options.target_modules = R"(text_model\..*\.q_proj)";
  options.base_model = "base";
  Adapter adapter;
  adapter.config = lora_config(options);
  for (const std::string& path : match_modules(options.target_modules, config())) {
    AdapterModule& module = adapter.modules[path];
    module.rank = 2;
    module.scale = 1.5;
    module.a = test::tiny_values(path + "a", 2 * 12);
    module.b = test::tiny_values(path + "b", 12 * 2);
    if (dora) module.magnitude = std::vector<float>(12, 0.75f);
  }
  return adapter;
}

TEST(Adapter, MergesByTheFormula) {
  TemporaryDirectory directory;
  const std::string path = "text_model.layers.0.self_attn.q_proj";
  for (const bool dora : {false, true}) {
    Weights weights = tiny_weights(directory.path());
    const std::vector<float> base = to_float(weights.at(path + ".weight"));
    const Adapter adapter = tiny_adapter(dora);
    merge_adapter(weights, adapter);
    const std::vector<float> merged = to_float(weights.at(path + ".weight"));
    const AdapterModule& module = adapter.modules.at(path);
    for (size_t out = 0; out < 12; ++out) {
      double row[12];
      double norm = 0;
      for (size_t in = 0; in < 12; ++in) {
        row[in] = base[out * 12 + in];
        for (size_t k = 0; k < 2; ++k)
          row[in] += 1.5 * module.b[out * 2 + k] * module.a[k * 12 + in];
        norm += row[in] * row[in];
      }
      for (size_t in = 0; in < 12; ++in) {
        const double wanted = dora ? 0.75 * row[in] / std::sqrt(norm) : row[in];
        EXPECT_NEAR(merged[out * 12 + in], wanted, 1e-6);
      }
    }
  }
}

TEST(Adapter, WhatIsWrittenIsReadBack) {
  for (const bool dora : {false, true}) {
    TemporaryDirectory directory;
    const Adapter adapter = tiny_adapter(dora);
    const fs::path path = directory.path() / "adapter";
    write_adapter(adapter, config(), contract(), path);
    EXPECT_TRUE(fs::exists(path / "README.md"));
    const Adapter again = read_adapter(path, config());
    EXPECT_EQ(again.config, adapter.config);
    EXPECT_EQ(adapter_sha256(again), adapter_sha256(adapter));
    EXPECT_NE(adapter_sha256(again), adapter_sha256(tiny_adapter(!dora)));
    EXPECT_THROW(write_adapter(adapter, config(), contract(), path), Error)
        << "never over an older one";
  }
}

// Writes an adapter whose configuration and tensors `change` spoils, and reads it.
std::string message_of(const std::function<void(Json&, test::TinyTensors&)>& change) {
  const Adapter adapter = tiny_adapter();
  Json json = adapter.config;
  test::TinyTensors tensors;
  for (const auto& [path, module] : adapter.modules) {
    tensors["base_model.model." + path + ".lora_A.weight"] = {DType::kF32, {2, 12}};
    tensors["base_model.model." + path + ".lora_B.weight"] = {DType::kF32, {12, 2}};
  }
  change(json, tensors);
  TemporaryDirectory directory;
  write_file(directory.path() / "adapter_config.json", dump_json(json));
  test::write_tiny_tensors(directory.path() / "adapter_model.safetensors", tensors);
  try {
    read_adapter(directory.path(), config());
  } catch (const Error& error) {
    EXPECT_TRUE(error.code() == ErrorCode::kBadInput || error.code() == ErrorCode::kUnsupported);
    return error.what();
  }
  return "accepted";
}

TEST(Adapter, WhatWouldNotBeAppliedExactlyIsRefusedByName) {
  const std::string q0 = "base_model.model.text_model.layers.0.self_attn.q_proj";
  using Tensors = test::TinyTensors;
  struct Case {
    std::function<void(Json&, Tensors&)> change;
    const char* says;
  };
  const std::vector<Case> cases = {
      {[](Json& j, Tensors&) { j["peft_type"] = "IA3"; }, "peft_type is \"IA3\""},
      {[](Json& j, Tensors&) { j.erase("peft_type"); }, "peft_type"},
      {[](Json& j, Tensors&) { j["bias"] = "all"; }, "bias is \"all\""},
      {[](Json& j, Tensors&) { j["lora_bias"] = true; }, "lora_bias"},
      {[](Json& j, Tensors&) { j["fan_in_fan_out"] = true; }, "fan_in_fan_out"},
      {[](Json& j, Tensors&) { j["modules_to_save"] = {"lm_head"}; }, "modules_to_save"},
      {[](Json& j, Tensors&) { j["use_qalora"] = true; }, "use_qalora"},
      {[](Json& j, Tensors&) { j["layer_replication"] = {{0, 1}}; }, "layer_replication"},
      {[](Json& j, Tensors&) { j["trainable_token_indices"] = {1}; }, "trainable_token_indices"},
      {[](Json& j, Tensors&) { j["something_new"] = 1; }, "something_new is 1"},
      {[](Json& j, Tensors&) { j["init_lora_weights"] = "pissa_niter_16"; }, "pissa_niter_16"},
      {[](Json& j, Tensors&) { j["r"] = 0; }, "r is 0"},
      {[](Json& j, Tensors&) { j["r"] = 3; }, "lora_A is [2, 12]; [3, 12] is wanted"},
      {[](Json& j, Tensors&) { j.erase("r"); }, "\"r\""},
      {[](Json& j, Tensors&) { j["rank_pattern"] = {{"q_proj", 5}}; }, "[5, 12] is wanted"},
      {[](Json& j, Tensors&) { j["rank_pattern"] = {{"q_proj", 0}}; }, "rank_pattern"},
      {[](Json& j, Tensors&) { j["rank_pattern"] = {{"(", 2}}; }, "rank_pattern"},
      {[](Json& j, Tensors&) { j["use_dora"] = true; }, "no lora_magnitude_vector"},
      {[](Json& j, Tensors&) { j["target_modules"] = nullptr; }, "target_modules is missing"},
      {[](Json& j, Tensors&) { j["target_modules"] = 5; }, "target_modules"},
      {[](Json& j, Tensors&) { j["target_modules"] = "(q_proj"; }, "no regular expression"},
      {[](Json& j, Tensors&) { j["target_modules"] = std::string(3000, 'a'); }, "3000 bytes"},
      {[](Json& j, Tensors&) { j["target_modules"] = {"q_proj"}; },
       "selects vision_model.encoder.layers.0.self_attn.q_proj"},
      {[](Json& j, Tensors&) { j["target_modules"] = "text_model.layers.0.self_attn.q_proj"; },
       "adapts text_model.layers.1.self_attn.q_proj"},
      {[](Json& j, Tensors&) { j["layers_to_transform"] = {0}; }, "layers_to_transform"},
      {[&](Json&, Tensors& t) { t.erase(q0 + ".lora_B.weight"); }, "has no lora_B"},
      {[&](Json&, Tensors& t) { t.erase(q0 + ".lora_A.weight"); }, "has no lora_A"},
      {[&](Json&, Tensors& t) { t[q0 + ".lora_B.weight"].shape = {13, 2}; }, "[13, 2]"},
      {[&](Json&, Tensors& t) { t[q0 + ".lora_A.weight"].dtype = DType::kI32; }, "I32"},
      {[&](Json&, Tensors& t) { t[q0 + ".lora_magnitude_vector"].shape = {12}; }, "use_dora"},
      {[&](Json&, Tensors& t) { t[q0 + ".lora_B.bias"].shape = {12}; }, "lora_B.bias"},
      {[](Json&, Tensors& t) {
         t["base_model.model.text_model.embed_tokens.lora_embedding_A"].shape = {2, 40};
       },
       "lora_embedding_A"},
      {[](Json&, Tensors& t) { t["text_model.norm.weight"].shape = {12}; },
       "text_model.norm.weight"},
      {[](Json&, Tensors& t) {
         t["base_model.model.model.text_model.layers.0.self_attn.k_proj.lora_A.weight"].shape = {
             2, 12};
       },
       "`model.`"},
      {[](Json&, Tensors& t) { t.clear(); }, "no tensors"},
  };
  for (const Case& c : cases) EXPECT_THAT(message_of(c.change), HasSubstr(c.says));
}

TEST(Adapter, KeysThatSwitchNothingOnPass) {
  EXPECT_EQ(message_of([](Json& json, test::TinyTensors&) {
              json["something_new"] = nullptr;
              json["another"] = Json::object();
              json["loftq_config"] = Json::object();
              json["megatron_core"] = "megatron.core";
              json["qalora_group_size"] = 16;
              json["use_bdlora"] = false;
              json["peft_version"] = "0.99.0";
              json.erase("lora_dropout");
              json.erase("use_dora");
            }),
            "accepted");
}

TEST(Adapter, ValuesThatAreNoNumbersAreNamed) {
  TemporaryDirectory directory;
  Adapter adapter = tiny_adapter();
  adapter.modules.at("text_model.layers.1.self_attn.q_proj").b[5] = std::nanf("");
  try {
    write_adapter(adapter, config(), contract(), directory.path() / "adapter");
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kBadInput);
    EXPECT_THAT(error.what(), HasSubstr("layers.1.self_attn.q_proj: lora_B holds nan at [2, 1]"));
  }
  EXPECT_FALSE(fs::exists(directory.path() / "adapter"));
}

TEST(Adapter, MissingFilesAreNamed) {
  TemporaryDirectory directory;
  for (const char* file : {"adapter_config.json", "adapter_model.safetensors"}) {
    try {
      read_adapter(directory.path(), config());
      FAIL() << "no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kNotFound);
      EXPECT_THAT(error.what(), HasSubstr(file));
    }
    write_file(directory.path() / file, "{}");
  }
}

TEST(Adapter, AnAdaptedHeadNeedsAHead) {
  TemporaryDirectory directory;
  test::TinyTensors tensors = test::tiny_tensors();
  tensors.erase("lm_head.weight");
  test::write_tiny_tensors(directory.path() / "model.safetensors", tensors);
  Weights weights = Weights::load(directory.path(), config());
  Adapter adapter;
  adapter.modules["lm_head"] = {1, 1.0, std::vector<float>(12), std::vector<float>(40), {}};
  EXPECT_THROW(merge_adapter(weights, adapter), Error);
  Weights whole = tiny_weights(directory.path());
  EXPECT_NO_THROW(merge_adapter(whole, adapter));
}

TEST(LoraSettings, PatternsDecideInTheOrderOfTheFile) {
  const LoraSettings settings(R"({"peft_type":"LORA","r":4,"lora_alpha":8,"use_rslora":true,
    "target_modules":["q_proj","o_proj"],"exclude_modules":"vision_model.*",
    "rank_pattern":{"self_attn.q_proj":16,"layers.\\d.self_attn.q_proj":9,"o":2},
    "alpha_pattern":{"layers.1.self_attn.o_proj":6}})",
                              "x");
  EXPECT_EQ(settings.rank("text_model.layers.0.self_attn.q_proj"), 16);
  EXPECT_EQ(settings.rank("text_model.layers.0.self_attn.o_proj"), 4);
  EXPECT_EQ(settings.scale("text_model.layers.0.self_attn.q_proj"), 8.0 / 4.0);
  EXPECT_EQ(settings.scale("text_model.layers.1.self_attn.o_proj"), 6.0 / 2.0);
  EXPECT_TRUE(settings.selects("text_model.layers.0.self_attn.q_proj"));
  EXPECT_FALSE(settings.selects("vision_model.encoder.layers.0.self_attn.q_proj"));
  EXPECT_FALSE(settings.selects("text_model.layers.0.self_attn.xq_proj"));
}

TEST(LoraSettings, LayersToTransformSelectLayers) {
  const auto settings = [](const std::string& more) {
    return LoraSettings(
        R"({"peft_type":"LORA","r":4,"target_modules":["q_proj"],"layers_to_transform":)" + more +
            "}",
        "x");
  };
  const std::string text1 = "text_model.layers.1.self_attn.q_proj";
  const std::string vision1 = "vision_model.encoder.layers.1.self_attn.q_proj";
  EXPECT_TRUE(settings("1").selects(text1));
  EXPECT_TRUE(settings("[0, 1]").selects(vision1));
  EXPECT_FALSE(settings("[0]").selects(text1));
  EXPECT_TRUE(settings("null").selects(text1));
  EXPECT_TRUE(settings(R"(1, "layers_pattern": "layers")").selects(text1));
  EXPECT_FALSE(settings(R"(1, "layers_pattern": ["encoder.layers"])").selects(text1));
  EXPECT_TRUE(settings(R"(1, "layers_pattern": ["encoder.layers"])").selects(vision1));
}

TEST(MatchModules, SelectsByPatternByEndingAndByName) {
  EXPECT_EQ(match_modules(R"(text_model\.layers\.\d+\.mlp\.up_proj)", config()).size(), 2u);
  EXPECT_EQ(match_modules(R"(model\.text_model\..*_proj)", config()).size(), 14u);
  EXPECT_EQ(match_modules(R"((.*(model.text_model).*(q_proj|o_proj).*$|.*(custom_text_proj).*$))",
                          config())
                .size(),
            4u);
  EXPECT_EQ(match_modules({"fc1", "fc2"}, config()).size(), 2u);
  EXPECT_EQ(match_modules({"connector.modality_projection.proj"}, config()).size(), 1u);
  EXPECT_EQ(match_modules("all-linear", config()).size(), 14u + 6u + 1u);
  EXPECT_THROW(match_modules({"query"}, config()), Error);
  EXPECT_THROW(match_modules("q_proj", config()), Error) << "a pattern matches the whole path";
  EXPECT_THROW(match_modules(Json(5), config()), Error);
}

TEST(PythonRegex, ReadsAsPythonDoes) {
  struct Case {
    const char* pattern;
    const char* text;
    bool matches;
  };
  for (const Case& c : std::vector<Case>{{R"(a\.\d+)", "a.12", true},
                                         {R"(a\.\d+)", "a.12b", false},
                                         {"(?P<x>a|b)c", "bc", true},
                                         {R"(\Aab\Z)", "ab", true},
                                         {"[]a]+", "]a", true},
                                         {"[^]a]", "b", true},
                                         {R"([\]\\])", "\\", true},
                                         {"(?!vision).*", "text", true},
                                         {"(?:ab)*?", "abab", true},
                                         {"^(?!.*vision).*q$", "q", true},
                                         {"", "", true}}) {
    EXPECT_EQ(PythonRegex(c.pattern, "x").full_match(c.text), c.matches) << c.pattern;
  }
  for (const char* pattern : {"(", "a{2,1}", "(a)\\1", "(?i)a", "a*+", "a++", "(?<=a)b", "(?P<x",
                              "[a", "\\", "x{1000}{1000}"}) {
    EXPECT_THROW(PythonRegex(pattern, "x"), Error) << pattern;
  }
}

TEST(PythonRegex, PathologicalPatternsEnd) {
  const std::string text(100, 'a');
  for (const char* pattern : {"(a*)*b", "(a|a)*b", "(.*.*)*(.*.*)*x", "((a+)+)+b"}) {
    EXPECT_FALSE(PythonRegex(pattern, "x").full_match(text));
  }
}

}  // namespace
}  // namespace recto
