#pragma once
// The sparse output as a torch module: the arithmetic of model/sparse_head.h, with gradients.

#include <memory>
#include <span>
#include <vector>

#include "base/sparse_vector.h"
#include "learn/layers.h"
#include "learn/torch.h"
#include "model/config.h"
#include "model/contract.h"
#include "model/input.h"
#include "model/sparse_head.h"

namespace recto {

/// Visual tokens of an input, by edge.
using Edges = std::vector<std::vector<TokenRun>>;

/// Parameters "norm.weight" [hidden], "projection.weight" [hidden, hidden] and "bias" [vocabulary],
/// and of a head that makes dense vectors "dense.weight" [vocabulary, width], "dense.page_bias" and
/// "dense.text_bias" [width]. All in fp32, whatever the precision of the towers.
class SparseWeightsImpl : public torch::nn::Module {
 public:
  SparseWeightsImpl(const SparseHead& head, const ModelConfig& config, const SparseOutput& output);

  /// `visual` [tokens, hidden], of which edges[i][e] are those of edge e of input i
  /// (tokens_by_edge()). `table` [vocabulary, hidden]. All weights, [inputs, vocabulary].
  torch::Tensor forward(const torch::Tensor& visual, std::span<const Edges> edges,
                        const torch::Tensor& table);

  /// `weights` [inputs, vocabulary] with 0 in place of all but the top_n largest of each input.
  torch::Tensor largest(const torch::Tensor& weights) const;

  /// Whether anything that forward() goes by is trained.
  bool is_trained() const;

  /// Vectors [inputs, width] of `weights` [inputs, vocabulary], not normalised; `of_page` [inputs]
  /// is 1 for an input with pictures, else 0.
  torch::Tensor dense(const torch::Tensor& weights, const torch::Tensor& of_page) const;
  /// Multiplies the row of each token in the matrix of dense() by `factors` [vocabulary].
  void scale_dense(const torch::Tensor& factors) const;

  const SparseOutput& output() const { return output_; }
  /// The present values; the matrix of dense() as bf16 has them.
  SparseHead head() const;

 private:
  struct DenseImpl : torch::nn::Module {
    torch::Tensor weight, page_bias, text_bias;
  };
  SparseOutput output_;
  RmsNorm norm_{nullptr};
  Weight projection_{nullptr};
  torch::Tensor bias_;
  std::shared_ptr<DenseImpl> dense_;  // null for a head without
};
TORCH_MODULE(SparseWeights);

/// Puts `vector` into a row of zeros of `rows` [inputs, vocabulary], fp32 on the CPU.
void put_into_row(torch::Tensor& rows, int64_t row, const SparseVector& vector);

/// Of `states` [tokens, hidden] of several inputs, the sums over the tokens of each of
/// softmax(states tableᵀ + bias), of each token the `candidates` largest alone unless that is 0:
/// [inputs, vocabulary]. Keeps no logits for the backward pass, and has those of one input at a
/// time in either.
torch::Tensor softmax_sums(const torch::Tensor& states, const torch::Tensor& table,
                           const torch::Tensor& bias, std::span<const int64_t> counts,
                           int64_t candidates = 0);

}  // namespace recto
