#include "learn/trained_size.h"

#include <functional>
#include <numeric>

#include "base/error.h"
#include "model/python_regex.h"

namespace recto {
namespace {

int64_t product(const std::vector<int64_t>& shape) {
  return std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<>());
}

/// Adds an adapter of `rank` on a layer of weights [out, in].
void add_adapter(const std::string& layer, const std::vector<int64_t>& shape, int rank, bool dora,
                 TrainedSize& size) {
  const int64_t count = rank * (shape[0] + shape[1]) + (dora ? shape[0] : 0);
  size.all += count;
  size.trained += count;
  size.vision = size.vision || is_vision_tensor(layer);
}

/// What makes weights over the vocabulary of visual tokens.
constexpr const char* kWeighing[] = {"text_model.embed_tokens.weight", "sparse_head.bias",
                                     "sparse_head.norm.weight", "sparse_head.projection.weight"};

void add_unfrozen(const std::map<std::string, std::vector<int64_t>>& tensors,
                  const std::vector<std::string>& freeze, TrainedSize& size) {
  std::vector<PythonRegex> patterns;
  for (const std::string& pattern : freeze) patterns.emplace_back(pattern, "--freeze");
  const auto frozen = [&](const std::string& name) {
    return std::any_of(patterns.begin(), patterns.end(),
                       [&](const PythonRegex& p) { return p.full_match(name); });
  };
  for (const auto& [name, shape] : tensors) {
    if (frozen(name)) continue;
    size.trained += product(shape);
    size.vision = size.vision || is_vision_tensor(name);
  }
  size.weighing = size.vision || !std::all_of(std::begin(kWeighing), std::end(kWeighing), frozen);
}

}  // namespace

bool torch_sees(const TrainedSize& size, const TrainSettings& settings) {
  return size.vision || settings.device != "cpu";
}

std::string lora_targets(const TrainSettings& settings) {
  if (!settings.lora_targets.empty()) return settings.lora_targets;
  return R"(.*text_model\.layers\.\d+\.(self_attn\.(q|k|v|o)_proj|mlp\.(gate|up|down)_proj))";
}

std::vector<std::string> adapted_layers(const TrainSettings& settings, const ModelConfig& config) {
  try {
    return match_modules(lora_targets(settings), config);
  } catch (const Error& error) {
    fail(ErrorCode::kUsage, "--lora-targets: {}", error.what());
  }
}

TrainedSize trained_size(const ModelConfig& config, const TrainSettings& settings,
                         const std::optional<Adapter>& adapter) {
  const auto tensors = expected_tensors(config);
  TrainedSize size;
  for (const auto& [name, shape] : tensors) size.all += product(shape);
  if (adapter) {
    for (const auto& [layer, module] : adapter->modules) {
      const auto found = tensors.find(layer + ".weight");
      if (found == tensors.end()) continue;
      add_adapter(layer, found->second, module.rank, !module.magnitude.empty(), size);
    }
  } else if (settings.method == "lora") {
    for (const std::string& layer : adapted_layers(settings, config)) {
      add_adapter(layer, tensors.at(layer + ".weight"), settings.lora_r.value_or(kLoraRank),
                  settings.lora_dora, size);
    }
  } else {
    add_unfrozen(tensors, settings.freeze, size);
  }
  return size;
}

}  // namespace recto
