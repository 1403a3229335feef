#include "learn/torch_setup.h"

#include <malloc.h>
#include <torch/version.h>

#include <limits>

#include "learn/torch.h"

namespace recto {

std::string torch_version() { return TORCH_VERSION; }

void set_up_torch(int threads, uint64_t seed) {
  at::set_num_threads(threads);
  at::globalContext().setDeterministicAlgorithms(true, /*warn_only=*/false);
  // Filling every new tensor with NaN is for finding uses of values never written.
  at::globalContext().setDeterministicFillUninitializedMemory(false);
  torch::manual_seed(seed);
}

void keep_freed_memory() {
  ::mallopt(M_MMAP_MAX, 0);
  ::mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());
  ::mallopt(M_TOP_PAD, 64 << 20);
}

}  // namespace recto
