#pragma once
// Linear layers of the text model together with the cheap arithmetic before them. What that
// arithmetic gives is made again in the backward pass instead of being kept: a layer's activations
// then take little more than half the memory, and fewer passes over it.

#include <span>
#include <vector>

#include "learn/torch.h"

namespace recto {

/// y = x Wᵀ + scale (x Aᵀ) Bᵀ; without A and B (undefined) y = x Wᵀ.
struct LinearParts {
  torch::Tensor weight;          ///< W [out, in]
  torch::Tensor lora_a, lora_b;  ///< [rank, in], [out, rank]
  double scale = 0;
};

/// Each of `linears` applied to x / sqrt(mean(x²) + epsilon) * norm_weight; x [rows, in]. Keeps x,
/// a number a row, and x Aᵀ of each.
std::vector<torch::Tensor> rms_normed_linears(const torch::Tensor& x,
                                              const torch::Tensor& norm_weight, double epsilon,
                                              std::span<const LinearParts> linears);

/// `linear` applied to silu(gate) * up; both [rows, in]. Keeps them and x Aᵀ.
torch::Tensor gated_linear(const torch::Tensor& gate, const torch::Tensor& up,
                           const LinearParts& linear);

/// `linear` applied to x [rows, in]. Keeps x and x Aᵀ.
torch::Tensor given_linear(const torch::Tensor& x, const LinearParts& linear);

}  // namespace recto
