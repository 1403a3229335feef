#include "model/config.h"

#include <array>
#include <cmath>
#include <initializer_list>
#include <utility>

#include "base/error.h"
#include "base/file.h"

namespace recto {
namespace {

// Far above any model of the family; they keep every product of sizes inside 64 bits.
constexpr int kMaxWidth = 1 << 18;
constexpr int kMaxLayers = 1024;
constexpr int kMaxHeads = 1024;
constexpr int kMaxVocabulary = 1 << 24;
constexpr int kMaxImageSide = 1 << 14;
constexpr int kMaxPositions = 1 << 28;
constexpr int64_t kMaxConnectorWidth = 1 << 24;

int checked_size(int value, int limit, const char* key, const std::string& where) {
  if (value < 1 || value > limit) {
    fail(ErrorCode::kBadInput, "{}: {} is {}; a number from 1 to {} is wanted", where, key, value,
         limit);
  }
  return value;
}

int required_size(const Json& object, const char* key, int limit, const std::string& where) {
  return checked_size(json_required<int>(object, key, where), limit, key, where);
}

int optional_size(const Json& object, const char* key, int limit, const std::string& where,
                  int fallback) {
  return checked_size(json_optional<int>(object, key, where, fallback), limit, key, where);
}

double positive(double value, const char* key, const std::string& where) {
  if (!std::isfinite(value) || value <= 0) {
    fail(ErrorCode::kBadInput, "{}: {} is {}; a positive number is wanted", where, key, value);
  }
  return value;
}

void check_divides(int whole, int part, const char* whole_key, const char* part_key,
                   const std::string& where) {
  if (whole % part != 0) {
    fail(ErrorCode::kBadInput, "{}: {} {} is no multiple of {} {}", where, whole_key, whole,
         part_key, part);
  }
}

// Settings of other models that would change the result: refused unless they have no effect.
void refuse_true(const Json& object, std::initializer_list<const char*> keys,
                 const std::string& where) {
  for (const char* key : keys) {
    if (json_optional<bool>(object, key, where, false)) {
      fail(ErrorCode::kUnsupported, "{}: {} is true, which recto does not compute", where, key);
    }
  }
}

void want_text(const Json& object, const char* key, const char* wanted, const std::string& where) {
  const std::string found = json_optional<std::string>(object, key, where, wanted);
  if (found != wanted) {
    fail(ErrorCode::kUnsupported, "{}: {} is \"{}\"; recto computes only \"{}\"", where, key, found,
         wanted);
  }
}

Json member_object(const Json& object, const char* key, const std::string& where) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return Json::object();
  if (!found->is_object()) fail(ErrorCode::kBadInput, "{}: {} is no object", where, key);
  return *found;
}

// transformers 5: a non-empty rope_scaling replaces rope_parameters, whose rope_theta stands above
// the top-level one. Without either it would silently take 10000: refused.
double read_rope_theta(const Json& text, const std::string& where) {
  Json parameters = member_object(text, "rope_scaling", where);
  const char* key = parameters.empty() ? "rope_parameters" : "rope_scaling";
  if (parameters.empty()) parameters = member_object(text, "rope_parameters", where);
  const std::string place = where + ": " + key;
  if (!parameters.contains("rope_type")) want_text(parameters, "type", "default", place);
  want_text(parameters, "rope_type", "default", place);
  for (const Json* object : {&std::as_const(parameters), &text}) {
    if (json_optional<double>(*object, "partial_rotary_factor", where, 1.0) != 1.0) {
      fail(ErrorCode::kUnsupported,
           "{}: partial_rotary_factor is not 1, which recto does not compute", where);
    }
  }
  if (parameters.contains("rope_theta")) {
    return positive(json_required<double>(parameters, "rope_theta", place), "rope_theta", place);
  }
  if (!text.contains("rope_theta")) {
    fail(ErrorCode::kBadInput,
         "{}: rope_theta is missing, both here and in rope_parameters; other programs silently "
         "take 10000, which gives wrong vectors. Add the value the model was trained with",
         where);
  }
  return positive(json_required<double>(text, "rope_theta", where), "rope_theta", where);
}

double read_rms_norm_eps(const Json& text, const std::string& where) {
  if (!text.contains("rms_norm_eps")) {
    fail(ErrorCode::kBadInput,
         "{}: rms_norm_eps is missing; other programs silently take 1e-6, which gives other "
         "vectors. Add the value the model was trained with (SmolLM2: 1e-5)",
         where);
  }
  return positive(json_required<double>(text, "rms_norm_eps", where), "rms_norm_eps", where);
}

TextConfig parse_text(const Json& text, const std::string& where) {
  want_text(text, "model_type", "llama", where);
  want_text(text, "hidden_act", "silu", where);
  refuse_true(text,
              {"qk_layer_norms", "attention_bias", "mlp_bias", "use_resampler", "rope_interleaved"},
              where);
  TextConfig config;
  config.vocab_size = required_size(text, "vocab_size", kMaxVocabulary, where);
  config.hidden_size = required_size(text, "hidden_size", kMaxWidth, where);
  config.intermediate_size = required_size(text, "intermediate_size", kMaxWidth, where);
  config.num_hidden_layers = required_size(text, "num_hidden_layers", kMaxLayers, where);
  config.num_attention_heads = required_size(text, "num_attention_heads", kMaxHeads, where);
  config.num_key_value_heads =
      optional_size(text, "num_key_value_heads", kMaxHeads, where, config.num_attention_heads);
  check_divides(config.hidden_size, config.num_attention_heads, "hidden_size",
                "num_attention_heads", where);
  check_divides(config.num_attention_heads, config.num_key_value_heads, "num_attention_heads",
                "num_key_value_heads", where);
  config.head_dim = optional_size(text, "head_dim", kMaxWidth, where,
                                  config.hidden_size / config.num_attention_heads);
  check_divides(config.head_dim, 2, "head_dim", "the rotary pair of", where);
  config.rms_norm_eps = read_rms_norm_eps(text, where);
  config.rope_theta = read_rope_theta(text, where);
  config.max_position_embeddings =
      optional_size(text, "max_position_embeddings", kMaxPositions, where, 2048);
  return config;
}

// 512 or [512, 512].
int read_side(const Json& vision, const char* key, const std::string& where) {
  const auto found = vision.find(key);
  if (found == vision.end() || !found->is_array()) {
    return required_size(vision, key, kMaxImageSide, where);
  }
  const auto sides = json_required<std::vector<int>>(vision, key, where);
  if (sides.size() != 2 || sides[0] != sides[1]) {
    fail(ErrorCode::kUnsupported, "{}: {} is not square, which recto does not compute", where, key);
  }
  return checked_size(sides[0], kMaxImageSide, key, where);
}

VisionConfig parse_vision(const Json& vision, const std::string& where) {
  want_text(vision, "hidden_act", "gelu_pytorch_tanh", where);
  if (json_optional<int>(vision, "num_channels", where, 3) != 3) {
    fail(ErrorCode::kUnsupported, "{}: num_channels is not 3", where);
  }
  VisionConfig config;
  config.hidden_size = required_size(vision, "hidden_size", kMaxWidth, where);
  config.intermediate_size =
      optional_size(vision, "intermediate_size", kMaxWidth, where, config.intermediate_size);
  config.num_hidden_layers =
      optional_size(vision, "num_hidden_layers", kMaxLayers, where, config.num_hidden_layers);
  config.num_attention_heads =
      optional_size(vision, "num_attention_heads", kMaxHeads, where, config.num_attention_heads);
  config.image_size = read_side(vision, "image_size", where);
  config.patch_size = read_side(vision, "patch_size", where);
  config.layer_norm_eps =
      positive(json_optional<double>(vision, "layer_norm_eps", where, config.layer_norm_eps),
               "layer_norm_eps", where);
  check_divides(config.hidden_size, config.num_attention_heads, "hidden_size",
                "num_attention_heads", where);
  if (config.patch_size > config.image_size) {
    fail(ErrorCode::kBadInput, "{}: patch_size {} is larger than image_size {}", where,
         config.patch_size, config.image_size);
  }
  return config;
}

// "dtype" (transformers 5) and "torch_dtype" (4) say the same.
DType read_dtype(const Json& json, const std::string& where) {
  const bool has_dtype = json.contains("dtype") && !json.at("dtype").is_null();
  const char* key = has_dtype ? "dtype" : "torch_dtype";
  std::string name = json_optional<std::string>(json, key, where, "float32");
  if (name.starts_with("torch.")) name.erase(0, 6);
  constexpr std::array<std::pair<const char*, DType>, 3> kNames = {
      {{"float32", DType::kF32}, {"float16", DType::kF16}, {"bfloat16", DType::kBF16}}};
  for (const auto& [known, dtype] : kNames) {
    if (name == known) return dtype;
  }
  fail(ErrorCode::kUnsupported, "{}: {} is \"{}\"; float32, float16 or bfloat16 is wanted", where,
       key, name);
}

std::string read_model_type(const Json& json, const std::string& where) {
  const std::string type = json_required<std::string>(json, "model_type", where);
  if (type != "idefics3" && type != "smolvlm") {
    fail(ErrorCode::kUnsupported,
         "{}: model_type is \"{}\"; recto reads \"idefics3\" and \"smolvlm\" checkpoints", where,
         type);
  }
  return type;
}

const Json& required_object(const Json& json, const char* key, const std::string& where) {
  const auto found = json.find(key);
  if (found == json.end()) fail(ErrorCode::kBadInput, "{}: the key \"{}\" is missing", where, key);
  if (!found->is_object()) fail(ErrorCode::kBadInput, "{}: {} is no object", where, key);
  return *found;
}

}  // namespace

int ModelConfig::image_seq_len() const {
  const int side = vision.patches_per_side() / scale_factor;
  return side * side;
}

ModelConfig parse_model_config(const Json& json, const std::string& where) {
  if (!json.is_object()) fail(ErrorCode::kBadInput, "{}: it holds no object", where);
  ModelConfig config;
  config.model_type = read_model_type(json, where);
  const auto architectures =
      json_optional<std::vector<std::string>>(json, "architectures", where, {});
  if (!architectures.empty()) config.architecture = architectures.front();
  if (json.contains("quantization_config") && !json.at("quantization_config").is_null()) {
    fail(ErrorCode::kUnsupported,
         "{}: quantization_config is set; recto reads unquantised checkpoints", where);
  }
  config.dtype = read_dtype(json, where);
  config.tie_word_embeddings = json_optional<bool>(json, "tie_word_embeddings", where, false);
  // The defaults of Idefics3Config.
  config.scale_factor = optional_size(json, "scale_factor", kMaxImageSide, where, 2);
  config.image_token_id = json_optional<int>(json, "image_token_id", where, 128257);
  if (config.image_token_id < 0) {
    fail(ErrorCode::kBadInput, "{}: image_token_id is negative", where);
  }
  config.vision =
      parse_vision(required_object(json, "vision_config", where), where + ": vision_config");
  config.text = parse_text(required_object(json, "text_config", where), where + ": text_config");
  check_divides(config.vision.patches_per_side(), config.scale_factor,
                "the number of patches a side (image_size / patch_size)", "scale_factor", where);
  const int64_t connector =
      int64_t{config.vision.hidden_size} * config.scale_factor * config.scale_factor;
  if (connector > kMaxConnectorWidth) {
    fail(ErrorCode::kBadInput,
         "{}: a connector input of {} values (vision hidden_size times "
         "scale_factor squared) is more than the limit of {}",
         where, connector, kMaxConnectorWidth);
  }
  return config;
}

ModelConfig read_model_config(const std::filesystem::path& model_directory) {
  if (!std::filesystem::is_directory(model_directory)) {
    fail(ErrorCode::kNotFound, "the model {} {}; a checkpoint directory is wanted",
         model_directory.string(),
         std::filesystem::exists(model_directory) ? "is not a directory" : "does not exist");
  }
  const std::filesystem::path path = model_directory / "config.json";
  if (!std::filesystem::exists(path)) {
    fail(ErrorCode::kNotFound,
         "{} has no config.json; a Hugging Face checkpoint directory is wanted",
         model_directory.string());
  }
  return parse_model_config(read_json(path, uint64_t{16} << 20), path.string());
}

}  // namespace recto
