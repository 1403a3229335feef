#include "engine/kernels.h"

#include "base/cpu.h"
#include "engine/attention_layout.h"

namespace recto {

int64_t attention_scratch_floats(int64_t tokens, int head_dim) {
  return AttentionLayout(tokens, head_dim).end;
}

const Kernels& kernels() {
#if defined(__x86_64__)
  if (cpu_features().avx512) return avx512_kernels();
  if (cpu_features().avx2) return avx2_kernels();
#endif
  return portable_kernels();
}

}  // namespace recto
