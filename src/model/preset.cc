#include "model/preset.h"

#include <algorithm>
#include <iterator>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "model/contract.h"
#include "model/model_write.h"
#include "model/random_weights.h"
#include "model/smollm2_tokenizer.h"
#include "model/tokenizer.h"
#include "model/tokenizer_files.h"

namespace recto {
namespace {

constexpr uint64_t kMaxTokenizerBytes = uint64_t{64} << 20;

enum class PresetTokenizer { kSmolVlm, kSmolVlmV1, kTruncated };

struct Preset {
  const char* name;
  const char* config;  ///< config.json without the ids of tokens
  int longest_edge;
  PresetTokenizer tokenizer;
};

// The published sizes; nano is recto's own.
constexpr Preset kPresets[] = {
    {"nano", R"({
      "architectures": ["SmolVLMForConditionalGeneration"], "model_type": "smolvlm",
      "torch_dtype": "float32", "scale_factor": 4, "tie_word_embeddings": true,
      "text_config": {"model_type": "llama", "vocab_size": 4096, "hidden_size": 320,
        "intermediate_size": 768, "num_hidden_layers": 2, "num_attention_heads": 5,
        "num_key_value_heads": 1, "head_dim": 64, "max_position_embeddings": 8192,
        "rms_norm_eps": 1e-5, "rope_theta": 100000, "hidden_act": "silu",
        "tie_word_embeddings": true},
      "vision_config": {"model_type": "smolvlm_vision", "hidden_size": 192,
        "intermediate_size": 768, "num_hidden_layers": 6, "num_attention_heads": 3,
        "image_size": 256, "patch_size": 16, "hidden_act": "gelu_pytorch_tanh",
        "layer_norm_eps": 1e-6}})",
     1024, PresetTokenizer::kTruncated},
    {"256m", R"({
      "architectures": ["Idefics3ForConditionalGeneration"], "model_type": "idefics3",
      "torch_dtype": "bfloat16", "scale_factor": 4, "tie_word_embeddings": false,
      "text_config": {"model_type": "llama", "vocab_size": 49280, "hidden_size": 576,
        "intermediate_size": 1536, "num_hidden_layers": 30, "num_attention_heads": 9,
        "num_key_value_heads": 3, "head_dim": 64, "max_position_embeddings": 8192,
        "rms_norm_eps": 1e-5, "rope_theta": 100000, "hidden_act": "silu",
        "tie_word_embeddings": false},
      "vision_config": {"model_type": "idefics3_vision", "hidden_size": 768,
        "intermediate_size": 3072, "num_hidden_layers": 12, "num_attention_heads": 12,
        "image_size": 512, "patch_size": 16, "hidden_act": "gelu_pytorch_tanh",
        "layer_norm_eps": 1e-6}})",
     2048, PresetTokenizer::kSmolVlm},
    {"500m", R"({
      "architectures": ["Idefics3ForConditionalGeneration"], "model_type": "idefics3",
      "torch_dtype": "bfloat16", "scale_factor": 4, "tie_word_embeddings": false,
      "text_config": {"model_type": "llama", "vocab_size": 49280, "hidden_size": 960,
        "intermediate_size": 2560, "num_hidden_layers": 32, "num_attention_heads": 15,
        "num_key_value_heads": 5, "head_dim": 64, "max_position_embeddings": 8192,
        "rms_norm_eps": 1e-5, "rope_theta": 100000, "hidden_act": "silu",
        "tie_word_embeddings": false},
      "vision_config": {"model_type": "idefics3_vision", "hidden_size": 768,
        "intermediate_size": 3072, "num_hidden_layers": 12, "num_attention_heads": 12,
        "image_size": 512, "patch_size": 16, "hidden_act": "gelu_pytorch_tanh",
        "layer_norm_eps": 1e-6}})",
     2048, PresetTokenizer::kSmolVlm},
    {"2.2b", R"({
      "architectures": ["Idefics3ForConditionalGeneration"], "model_type": "idefics3",
      "torch_dtype": "bfloat16", "scale_factor": 3, "tie_word_embeddings": false,
      "text_config": {"model_type": "llama", "vocab_size": 49155, "hidden_size": 2048,
        "intermediate_size": 8192, "num_hidden_layers": 24, "num_attention_heads": 32,
        "num_key_value_heads": 32, "head_dim": 64, "max_position_embeddings": 16384,
        "rms_norm_eps": 1e-5, "rope_theta": 273768, "hidden_act": "silu",
        "tie_word_embeddings": false},
      "vision_config": {"model_type": "idefics3_vision", "hidden_size": 1152,
        "intermediate_size": 4304, "num_hidden_layers": 27, "num_attention_heads": 16,
        "image_size": 384, "patch_size": 14, "hidden_act": "gelu_pytorch_tanh",
        "layer_norm_eps": 1e-6}})",
     1536, PresetTokenizer::kSmolVlmV1},
};

const Preset& find_preset(const std::string& name) {
  for (const Preset& preset : kPresets) {
    if (name == preset.name) return preset;
  }
  std::string known;
  for (const std::string& other : preset_names()) known += known.empty() ? other : ", " + other;
  fail(ErrorCode::kUsage, "there is no preset \"{}\"; wanted is one of {}", name, known);
}

Json make_tokenizer(const Preset& preset, int vocab_size) {
  switch (preset.tokenizer) {
    case PresetTokenizer::kSmolVlm:
      return smollm2_tokenizer();
    case PresetTokenizer::kSmolVlmV1:
      return smollm2_v1_tokenizer();
    case PresetTokenizer::kTruncated:
      break;
  }
  return truncated_smollm2_tokenizer(vocab_size);
}

int token_id(const Tokenizer& tokenizer, const std::string& content) {
  if (const auto id = tokenizer.find(content)) return *id;
  fail(ErrorCode::kBadInput, "the tokenizer has no token {}, which SmolVLM's prompts need",
       content);
}

struct TokenIds {
  int begin, end, pad, image;
};

TokenIds token_ids(const Tokenizer& tokenizer) {
  return {token_id(tokenizer, "<|im_start|>"), token_id(tokenizer, "<end_of_utterance>"),
          token_id(tokenizer, "<|im_end|>"), token_id(tokenizer, "<image>")};
}

Json complete_config(const Preset& preset, const TokenIds& ids, int vocab_size) {
  Json config = parse_json(preset.config, preset.name);
  config["text_config"]["vocab_size"] = vocab_size;
  config["image_token_id"] = ids.image;
  config["pad_token_id"] = ids.pad;
  config["text_config"]["bos_token_id"] = ids.begin;
  config["text_config"]["eos_token_id"] = ids.end;
  config["text_config"]["pad_token_id"] = ids.pad;
  return config;
}

Contract preset_contract(const Preset& preset, const ModelConfig& config) {
  ViewSettings views;
  views.longest_edge = preset.longest_edge;
  views.tile = config.vision.image_size;
  return Contract::default_for(views, config.text.hidden_size);
}

}  // namespace

std::vector<std::string> preset_names() {
  std::vector<std::string> names;
  std::transform(std::begin(kPresets), std::end(kPresets), std::back_inserter(names),
                 [](const Preset& preset) { return preset.name; });
  return names;
}

ModelConfig preset_config(const std::string& name) {
  const Preset& preset = find_preset(name);
  return parse_model_config(parse_json(preset.config, preset.name), preset.name);
}

void create_model(const std::string& name, uint64_t seed, const std::filesystem::path& directory,
                  const std::filesystem::path& tokenizer_file) {
  const Preset& preset = find_preset(name);
  StagedDirectory staged(directory);
  const std::filesystem::path& to = staged.path();
  const bool own = tokenizer_file.empty();
  const int preset_size = preset_config(name).text.vocab_size;
  const std::string text = own ? dump_json(make_tokenizer(preset, preset_size))
                               : read_file(tokenizer_file, kMaxTokenizerBytes);
  const Tokenizer tokenizer = Tokenizer::parse(text, own ? name : tokenizer_file.string());
  const TokenIds ids = token_ids(tokenizer);
  const Json json = complete_config(preset, ids, own ? preset_size : tokenizer.vocab_size());
  const ModelConfig config = parse_model_config(json, name);
  write_file(to / "config.json", pretty_json(json));
  write_file(to / "generation_config.json", pretty_json({{"bos_token_id", ids.begin},
                                                         {"eos_token_id", ids.end},
                                                         {"pad_token_id", ids.pad}}));
  write_file(to / "tokenizer.json", text);
  write_tokenizer_files(to);
  write_random_weights(config, seed, to / "model.safetensors");
  write_contract(to, preset_contract(preset, config));
  staged.commit();
}

}  // namespace recto
