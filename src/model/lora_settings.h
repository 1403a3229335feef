#pragma once
// What an adapter_config.json of PEFT says, and the layers it selects, by PEFT 0.21's rules
// (peft/tuners/tuners_utils.py: check_target_module_exists; peft/utils/other.py: get_pattern_key).

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "model/config.h"
#include "model/python_regex.h"

namespace recto {

/// Paths of the linear layers of a model, sorted, in the naming of the bare model
/// ("text_model.layers.0.self_attn.q_proj", "connector.modality_projection.proj").
std::vector<std::string> linear_modules(const ModelConfig& config);

/// target_modules or exclude_modules: a text is a pattern for the whole path, a list are path
/// endings that begin at a dot.
class ModuleSelector {
 public:
  /// Throws Error(kBadInput | kUnsupported) naming `where`. "all-linear" selects every layer but
  /// the head.
  ModuleSelector(const Json& value, const std::string& where);
  bool selects(const std::string& path) const;
  bool is_pattern() const { return pattern_.has_value(); }

 private:
  std::optional<PythonRegex> pattern_;
  std::vector<std::string> endings_;
  bool all_linear_ = false;
};

class LoraSettings {
 public:
  /// `text` is the content of adapter_config.json. Keys that recto does not know pass when they
  /// switch nothing on (null, false, empty); everything else that would change the result is
  /// Error(kUnsupported) naming the key.
  LoraSettings(const std::string& text, const std::string& where);

  bool selects(const std::string& path) const;
  /// rank_pattern, else r.
  int rank(const std::string& path) const;
  /// alpha_pattern, else lora_alpha.
  double alpha(const std::string& path) const;
  /// alpha / rank, or alpha / sqrt(rank) with use_rslora.
  double scale(const std::string& path) const;
  bool use_dora() const { return use_dora_; }
  bool use_rslora() const { return use_rslora_; }

 private:
  /// The first pattern that matches the end of the path decides, in the order of the file.
  template <typename T>
  struct Patterns {
    std::vector<std::pair<PythonRegex, T>> entries;
    T find(const std::string& path, T fallback) const;
  };
  template <typename T>
  static Patterns<T> read_patterns(const std::string& text, const char* key,
                                   const std::string& where);
  void read_layers(const Json& json, const std::string& where);
  bool in_layers(const std::string& path) const;

  std::optional<ModuleSelector> target_;
  std::optional<ModuleSelector> exclude_;
  std::optional<std::vector<int>> layers_;
  std::vector<PythonRegex> layer_lists_;
  Patterns<int> ranks_;
  Patterns<double> alphas_;
  int rank_ = 0;
  double alpha_ = 0;
  bool use_rslora_ = false;
  bool use_dora_ = false;
};

}  // namespace recto
