#include "model/lora_settings.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "base/error.h"
#include "model/weights.h"

namespace recto {
namespace {

constexpr int kMaxRank = 1 << 16;
constexpr size_t kMaxPatterns = 4096;

// Keys that say nothing about the merged weights.
bool is_harmless_key(const std::string& key) {
  static const std::set<std::string> keys = {"auto_mapping",      "base_model_name_or_path",
                                             "inference_mode",    "lora_dropout",
                                             "megatron_core",     "peft_version",
                                             "qalora_group_size",  // counts only with use_qalora
                                             "revision",          "task_type"};
  return keys.contains(key);
}

// Keys that are read and applied or checked by name.
bool is_read_key(const std::string& key) {
  static const std::set<std::string> keys = {"alpha_pattern",
                                             "bias",
                                             "exclude_modules",
                                             "init_lora_weights",
                                             "layers_pattern",
                                             "lora_alpha",
                                             "peft_type",
                                             "layers_to_transform",
                                             "r",
                                             "rank_pattern",
                                             "target_modules",
                                             "use_dora",
                                             "use_rslora"};
  return keys.contains(key);
}

bool switches_nothing_on(const Json& value) {
  return value.is_null() || value == Json(false) ||
         ((value.is_object() || value.is_array() || value.is_string()) && value.empty());
}

void check_unknown_keys(const Json& json, const std::string& where) {
  for (const auto& item : json.items()) {
    if (is_harmless_key(item.key()) || is_read_key(item.key())) continue;
    if (switches_nothing_on(item.value())) continue;
    fail(ErrorCode::kUnsupported,
         "{}: {} is {}; recto does not apply it, so the adapter would give other vectors", where,
         item.key(), dump_json(item.value()));
  }
}

// PiSSA, OLoRA, CorDA, LoftQ and their like change the base weights when PEFT loads the adapter.
void check_initialization(const Json& json, const std::string& where) {
  const auto found = json.find("init_lora_weights");
  if (found == json.end() || found->is_null() || found->is_boolean()) return;
  const std::string name = json_required<std::string>(json, "init_lora_weights", where);
  if (name != "gaussian" && name != "eva" && name != "orthogonal") {
    fail(ErrorCode::kUnsupported,
         "{}: init_lora_weights is \"{}\", which changes the base weights; convert the adapter to "
         "plain LoRA with PEFT first",
         where, name);
  }
}

void check_kind(const Json& json, const std::string& where) {
  if (!json.is_object()) fail(ErrorCode::kBadInput, "{}: it holds no object", where);
  const std::string type = json_required<std::string>(json, "peft_type", where);
  if (type != "LORA") {
    fail(ErrorCode::kUnsupported, "{}: peft_type is \"{}\"; recto reads \"LORA\" adapters", where,
         type);
  }
  const std::string bias = json_optional<std::string>(json, "bias", where, "none");
  if (bias != "none") {
    fail(ErrorCode::kUnsupported, "{}: bias is \"{}\"; recto reads only \"none\"", where, bias);
  }
  check_initialization(json, where);
  check_unknown_keys(json, where);
}

bool ends_with_module(const std::string& path, const std::string& ending) {
  return path == ending || path.ends_with("." + ending);
}

// The index of the first numbered part of a path: "text_model.layers.12.mlp" -> 12 after "layers".
struct LayerIndex {
  int index = -1;
  std::string list;  ///< path up to the index, without the dot
};

LayerIndex find_layer(const std::string& path) {
  size_t begin = path.find('.');
  while (begin != std::string::npos) {
    const size_t end = path.find('.', begin + 1);
    if (end == std::string::npos) break;
    const std::string part = path.substr(begin + 1, end - begin - 1);
    if (!part.empty() && part.size() < 9 &&
        part.find_first_not_of("0123456789") == std::string::npos) {
      return {std::stoi(part), path.substr(0, begin)};
    }
    begin = end;
  }
  return {};
}

}  // namespace

std::vector<std::string> linear_modules(const ModelConfig& config) {
  std::vector<std::string> paths;
  for (const auto& [name, shape] : expected_tensors(config)) {
    const bool is_matrix = shape.size() == 2 && name.ends_with(".weight");
    const bool is_table =
        name.ends_with("embed_tokens.weight") || name.ends_with("position_embedding.weight");
    if (is_matrix && !is_table) paths.push_back(name.substr(0, name.size() - 7));
  }
  return paths;
}

ModuleSelector::ModuleSelector(const Json& value, const std::string& where) {
  if (value.is_string()) {
    std::string lower = value.get<std::string>();
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    all_linear_ = lower == "all-linear";
    if (!all_linear_) pattern_.emplace(value.get<std::string>(), where);
    return;
  }
  if (!value.is_array()) {
    fail(ErrorCode::kBadInput, "{}: a pattern or a list of module names is wanted", where);
  }
  for (const Json& ending : value) {
    if (!ending.is_string()) fail(ErrorCode::kBadInput, "{}: the list holds no texts", where);
    endings_.push_back(ending.get<std::string>());
  }
}

bool ModuleSelector::selects(const std::string& path) const {
  if (all_linear_) return path != "lm_head";
  if (pattern_) return pattern_->full_match(path);
  return std::any_of(endings_.begin(), endings_.end(),
                     [&](const std::string& ending) { return ends_with_module(path, ending); });
}

LoraSettings::LoraSettings(const std::string& text, const std::string& where) {
  const Json json = parse_json(text, where);
  check_kind(json, where);
  if (!json.contains("target_modules") || json.at("target_modules").is_null()) {
    fail(ErrorCode::kBadInput, "{}: target_modules is missing", where);
  }
  target_.emplace(json.at("target_modules"), where + ": target_modules");
  if (json.contains("exclude_modules") && !switches_nothing_on(json.at("exclude_modules"))) {
    exclude_.emplace(json.at("exclude_modules"), where + ": exclude_modules");
  }
  rank_ = json_required<int>(json, "r", where);
  alpha_ = json_optional<double>(json, "lora_alpha", where, 8.0);  // PEFT's default
  use_rslora_ = json_optional<bool>(json, "use_rslora", where, false);
  use_dora_ = json_optional<bool>(json, "use_dora", where, false);
  ranks_ = read_patterns<int>(text, "rank_pattern", where);
  alphas_ = read_patterns<double>(text, "alpha_pattern", where);
  read_layers(json, where);
  if (rank_ < 1 || rank_ > kMaxRank) {
    fail(ErrorCode::kBadInput, "{}: r is {}; a number from 1 to {} is wanted", where, rank_,
         kMaxRank);
  }
}

// nlohmann's ordinary objects are sorted, but here the order of the file counts.
template <typename T>
LoraSettings::Patterns<T> LoraSettings::read_patterns(const std::string& text, const char* key,
                                                      const std::string& where) {
  const auto json = nlohmann::ordered_json::parse(text);
  Patterns<T> patterns;
  const auto found = json.find(key);
  if (found == json.end() || found->is_null()) return patterns;
  const std::string place = fmt::format("{}: {}", where, key);
  if (!found->is_object() || found->size() > kMaxPatterns) {
    fail(ErrorCode::kBadInput, "{}: an object of at most {} patterns is wanted", place,
         kMaxPatterns);
  }
  for (const auto& item : found->items()) {
    const Json value = item.value();
    T read{};
    internal::json_read(value, place + ": " + item.key(), read);
    if constexpr (std::is_same_v<T, int>) {
      if (read < 1 || read > kMaxRank) fail(ErrorCode::kBadInput, "{}: {} is no rank", place, read);
    }
    patterns.entries.emplace_back(PythonRegex("(.*\\.)?(" + item.key() + ")", place), read);
  }
  return patterns;
}

template <typename T>
T LoraSettings::Patterns<T>::find(const std::string& path, T fallback) const {
  for (const auto& [pattern, value] : entries) {
    if (pattern.full_match(path)) return value;
  }
  return fallback;
}

void LoraSettings::read_layers(const Json& json, const std::string& where) {
  const auto layers = json.find("layers_to_transform");
  if (layers == json.end() || switches_nothing_on(*layers)) return;
  if (target_->is_pattern()) {
    fail(ErrorCode::kBadInput,
         "{}: layers_to_transform needs target_modules to be a list, but it is a pattern", where);
  }
  if (layers->is_array()) {
    layers_ = json_required<std::vector<int>>(json, "layers_to_transform", where);
  } else {
    layers_ = {json_required<int>(json, "layers_to_transform", where)};
  }
  const auto names = json.find("layers_pattern");
  if (names == json.end() || switches_nothing_on(*names)) return;
  const auto list = names->is_array()
                        ? json_required<std::vector<std::string>>(json, "layers_pattern", where)
                        : std::vector{json_required<std::string>(json, "layers_pattern", where)};
  for (const std::string& name : list) {
    layer_lists_.emplace_back("(.*\\.)?" + name, where + ": layers_pattern");
  }
}

bool LoraSettings::in_layers(const std::string& path) const {
  const LayerIndex layer = find_layer(path);
  if (layer.index < 0) return false;
  const bool named = layer_lists_.empty() || std::any_of(layer_lists_.begin(), layer_lists_.end(),
                                                         [&](const PythonRegex& list) {
                                                           return list.full_match(layer.list);
                                                         });
  return named && std::find(layers_->begin(), layers_->end(), layer.index) != layers_->end();
}

bool LoraSettings::selects(const std::string& path) const {
  if (exclude_ && exclude_->selects(path)) return false;
  return target_->selects(path) && (!layers_ || in_layers(path));
}

int LoraSettings::rank(const std::string& path) const { return ranks_.find(path, rank_); }

double LoraSettings::alpha(const std::string& path) const { return alphas_.find(path, alpha_); }

double LoraSettings::scale(const std::string& path) const {
  const double r = rank(path);
  return alpha(path) / (use_rslora_ ? std::sqrt(r) : r);
}

}  // namespace recto
