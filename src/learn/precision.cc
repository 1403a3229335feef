#include "learn/precision.h"

#include <ATen/autocast_mode.h>

#include "base/cpu.h"
#include "base/error.h"

namespace recto {

Precision parse_precision(const std::string& name, const torch::Device& device) {
  if (name == "fp32") return Precision::kFp32;
  if (name != "bf16") {
    fail(ErrorCode::kUsage, "--precision is \"{}\"; fp32, bf16 is wanted", name);
  }
  const CpuFeatures& cpu = cpu_features();
  if (device.is_cpu() && !cpu.avx512_bf16 && !cpu.amx_bf16) {
    fail(ErrorCode::kUnsupported,
         "--precision bf16 needs a processor with AVX-512 BF16 or AMX, which {} has not; leave the "
         "option out",
         cpu.model_name);
  }
  return Precision::kBf16;
}

// Weights that were rounded once are kept so until the outermost scope ends.
PrecisionScope::PrecisionScope(Precision precision, const torch::Device& device)
    : device_(device.type()), was_on_(at::autocast::is_autocast_enabled(device_)) {
  at::autocast::increment_nesting();
  if (precision == Precision::kBf16) at::autocast::set_autocast_dtype(device_, at::kBFloat16);
  at::autocast::set_autocast_enabled(device_, precision == Precision::kBf16);
}

PrecisionScope::~PrecisionScope() {
  if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
  at::autocast::set_autocast_enabled(device_, was_on_);
}

}  // namespace recto
