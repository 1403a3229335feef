#pragma once
// Muon: steps of matrices along the nearest orthogonal matrix.

#include <vector>

#include "learn/optimizer.h"
#include "learn/torch.h"

namespace recto {

/// The momentum of a matrix's gradient, made orthogonal, is what it is stepped by
/// [Jordan et al. 2024, "Muon: An optimizer for hidden layers in neural networks"]: Nesterov
/// momentum 0.95, five Newton-Schulz iterations in bf16, scaled by sqrt(max(1, rows / columns)).
class Muon {
 public:
  /// Every parameter is a matrix. `weight_decay` is decoupled, as AdamW's. Matrices are stepped
  /// `threads` at a time.
  Muon(std::vector<NamedParameter> parameters, double weight_decay, int threads = 1);

  void zero_gradients();
  /// The joint L2 norm of all gradients; NaN or infinite when one is.
  double gradient_norm() const;
  void step(double learning_rate);

  const std::vector<NamedParameter>& parameters() const { return parameters_; }
  /// For a checkpoint: "value.NAME" and "momentum.NAME". Writing to them restores a state.
  std::vector<NamedParameter> state() const;

 private:
  void step_one(size_t i, double learning_rate);

  std::vector<NamedParameter> parameters_;
  double weight_decay_;
  int threads_;
  std::vector<torch::Tensor> momentum_;
};

/// Roughly the orthogonal matrix nearest to `matrix` [rows, columns]: singular values come out
/// between 0.7 and 1.2. fp32, computed in bf16.
torch::Tensor nearly_orthogonal(const torch::Tensor& matrix);

}  // namespace recto
