#pragma once
// bf16 arithmetic in the layers. Parameters, norms, the residual stream, pooling and losses stay
// fp32.

#include <string>

#include "learn/torch.h"

namespace recto {

enum class Precision { kFp32, kBf16 };

/// "fp32" or "bf16". Throws Error(kUsage) for another name, and Error(kUnsupported) when `device`
/// computes bf16 no faster than fp32: a CPU without AVX-512 BF16 or AMX.
Precision parse_precision(const std::string& name, const torch::Device& device);

/// While one with kBf16 lives, matrix products and attention of this thread on `device` take their
/// inputs rounded to bf16 (sums inside them are fp32, their results bf16); within it, one with
/// kFp32 puts that off.
class PrecisionScope {
 public:
  PrecisionScope(Precision precision, const torch::Device& device);
  ~PrecisionScope();
  PrecisionScope(const PrecisionScope&) = delete;
  PrecisionScope& operator=(const PrecisionScope&) = delete;

 private:
  at::DeviceType device_;
  bool was_on_;
};

}  // namespace recto
