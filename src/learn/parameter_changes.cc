#include "learn/parameter_changes.h"

#include <algorithm>

namespace recto {
namespace {

constexpr const char* kEmbeddings = "text_model.embed_tokens.weight";
constexpr const char* kHead = "lm_head.weight";

void copy_values(const torch::Tensor& parameter, std::span<float> out) {
  const torch::Tensor values = parameter.detach().to(torch::kCPU).contiguous();
  std::copy_n(values.const_data_ptr<float>(), out.size(), out.data());
}

}  // namespace

TensorChanges parameter_changes(const torch::OrderedDict<std::string, torch::Tensor>& parameters,
                                const Weights& weights, const ModelConfig& config) {
  TensorChanges changes;
  for (const auto& entry : parameters) {
    if (!entry.value().requires_grad() || !weights.contains(entry.key())) continue;
    const auto copy = [parameter = entry.value()](std::span<float> out) {
      copy_values(parameter, out);
    };
    changes[entry.key()] = copy;
    const bool is_head_too = entry.key() == kEmbeddings && config.tie_word_embeddings;
    if (is_head_too && weights.contains(kHead)) changes[kHead] = copy;
  }
  return changes;
}

}  // namespace recto
