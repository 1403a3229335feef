#include "model/continued_adapter.h"

#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "model/lora_settings.h"

namespace recto {
namespace {

constexpr const char* kConfigFile = "adapter_config.json";

/// The path as a regular expression for itself.
std::string literal(const std::string& path) {
  std::string pattern;
  for (const char c : path) pattern += c == '.' ? std::string("\\.") : std::string(1, c);
  return pattern;
}

/// Whether target_modules alone selects the adapted layers and no others by their bare names.
bool selects_the_same(const Json& target_modules, const Adapter& adapter,
                      const ModelConfig& config) {
  const ModuleSelector selector(target_modules, "target_modules");
  const std::vector<std::string> layers = linear_modules(config);
  return std::all_of(layers.begin(), layers.end(), [&](const std::string& path) {
    return selector.selects(path) == adapter.modules.contains(path);
  });
}

/// Keys beside target_modules that take layers out again.
bool narrows(const Json& config) {
  for (const char* key : {"exclude_modules", "layers_to_transform", "layers_pattern"}) {
    if (config.contains(key) && !config[key].is_null() && config[key] != Json::array()) return true;
  }
  return false;
}

Json names_of(const Adapter& adapter) {
  Json names = Json::array();
  for (const auto& [path, module] : adapter.modules) names.push_back(path);
  return names;
}

Json number(double value) {
  const auto whole = static_cast<int64_t>(value);
  return static_cast<double>(whole) == value ? Json(whole) : Json(value);
}

}  // namespace

Json continued_adapter_config(const Adapter& adapter, const std::filesystem::path& directory,
                              const ModelConfig& model, double dropout,
                              const std::string& base_model) {
  const std::filesystem::path path = directory / kConfigFile;
  const LoraSettings settings(read_file(path, uint64_t{16} << 20), path.string());
  const Json& read = adapter.config;
  const Json& target = read.at("target_modules");
  LoraOptions options;
  options.r = json_required<int>(read, "r", path.string());
  options.alpha = json_optional<double>(read, "lora_alpha", path.string(), 8.0);
  options.dropout = dropout;
  options.use_rslora = settings.use_rslora();
  options.use_dora = settings.use_dora();
  options.base_model = base_model;
  options.target_modules =
      !narrows(read) && selects_the_same(target, adapter, model) ? target : names_of(adapter);
  Json config = lora_config(options);
  if (read.contains("init_lora_weights")) config["init_lora_weights"] = read["init_lora_weights"];
  for (const auto& [bare, module] : adapter.modules) {
    const std::string wrapped = settings.selects(bare) ? bare : "model." + bare;
    if (module.rank != options.r) config["rank_pattern"][literal(bare)] = module.rank;
    const double alpha = settings.alpha(wrapped);
    if (alpha != options.alpha) config["alpha_pattern"][literal(bare)] = number(alpha);
  }
  return config;
}

}  // namespace recto
