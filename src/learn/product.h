#pragma once
// Matrix products of training.

#include "learn/torch.h"

namespace recto {

/// a bᵀ: a [m, k], b [n, k] -> [m, n], in their type; neither need be contiguous. Without a
/// gradient: for the inside of functions that have their own. fp32 on a CPU is computed by the
/// oneDNN in libtorch, which takes AVX-512 wherever there is one; torch's usual products (MKL) are
/// half as fast on AMD.
torch::Tensor product(const torch::Tensor& a, const torch::Tensor& b);

}  // namespace recto
