#pragma once
// The sparse output as a torch module: the arithmetic of model/sparse_head.h, with gradients.

#include <span>

#include "learn/layers.h"
#include "learn/torch.h"
#include "model/config.h"
#include "model/contract.h"
#include "model/sparse_head.h"

namespace recto {

/// Parameters "norm.weight" [hidden], "projection.weight" [hidden, hidden] and "bias" [vocabulary].
/// All in fp32, whatever the precision of the towers.
class SparseWeightsImpl : public torch::nn::Module {
 public:
  SparseWeightsImpl(const SparseHead& head, const ModelConfig& config, const SparseOutput& output);

  /// `visual` [tokens, hidden]: counts[i] visual tokens of input i, one input behind the other.
  /// `table` [vocabulary, hidden]. Weights [inputs, vocabulary], 0 but for the top_n of each input;
  /// with `training` all of them, so that every token can learn.
  torch::Tensor forward(const torch::Tensor& visual, std::span<const int64_t> counts,
                        const torch::Tensor& table, bool training = false);

  /// The present values.
  SparseHead head() const;

 private:
  SparseOutput output_;
  RmsNorm norm_{nullptr};
  Weight projection_{nullptr};
  torch::Tensor bias_;
};
TORCH_MODULE(SparseWeights);

/// Of `states` [tokens, hidden] of several inputs, the sums over the tokens of each of
/// softmax(states tableᵀ + bias): [inputs, vocabulary]. Keeps no logits for the backward pass, and
/// has those of one input at a time in either.
torch::Tensor softmax_sums(const torch::Tensor& states, const torch::Tensor& table,
                           const torch::Tensor& bias, std::span<const int64_t> counts);

}  // namespace recto
