#include "learn/torch_setup.h"

#include <malloc.h>
#include <torch/version.h>
#include <unistd.h>

#include <cstdlib>
#include <limits>

#include "learn/block_allocator.h"
#include "learn/torch.h"

namespace recto {

std::string torch_version() { return TORCH_VERSION; }

void set_up_torch(int threads, uint64_t seed, const std::string& device) {
  at::set_num_threads(threads);
  const bool cuda = device.rfind("cuda", 0) == 0;
  if (cuda) ::setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", /*overwrite=*/0);  // cuBLAS wants it
  at::globalContext().setDeterministicAlgorithms(true, /*warn_only=*/cuda);
  // Filling every new tensor with NaN is for finding uses of values never written.
  at::globalContext().setDeterministicFillUninitializedMemory(false);
  torch::manual_seed(seed);
}

void spin_briefly(char** argv) {
  if (std::getenv("GOMP_SPINCOUNT") != nullptr || std::getenv("OMP_WAIT_POLICY") != nullptr) return;
  ::setenv("GOMP_SPINCOUNT", "10000", /*overwrite=*/1);
  ::execv("/proc/self/exe", argv);
}

void keep_freed_memory() {
  use_block_allocator();
  ::mallopt(M_MMAP_MAX, 0);
  ::mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());
  ::mallopt(M_TOP_PAD, 64 << 20);
}

}  // namespace recto
