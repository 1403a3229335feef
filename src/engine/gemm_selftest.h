#pragma once
// What this machine's matrix products reach, to judge everything else by.

#include <cstdint>
#include <string>

namespace recto {

/// Rows, outputs and inputs of a product: by default the widest of the 256M and 500M models'
/// vision tower (fc1 of one tile).
struct GemmSize {
  int64_t rows = 1024;
  int64_t outputs = 3072;
  int64_t inputs = 768;
};

struct GemmSelfTest {
  int threads = 1;
  double gflops = 0;      ///< 10^9 multiplications and additions a second, all threads together
  double cpu_gflops = 0;  ///< the same by processor time: what neighbours take is not counted
  std::string implementation;  ///< oneDNN's name of the kernel
};

/// fp32 products through oneDNN with packed weights, `threads` of them side by side, each in one
/// thread, as the engine encodes tiles: the best of repeated runs over about `seconds`. Throws
/// Error(kUsage) for less than one thread.
GemmSelfTest gemm_selftest(int threads, double seconds = 0.5, const GemmSize& size = {});

}  // namespace recto
