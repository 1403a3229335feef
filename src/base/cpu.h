#pragma once
// What this machine's processor can do, asked once at run time.

#include <cstdint>
#include <string>
#include <vector>

namespace recto {

struct CpuFeatures {
  bool avx2 = false;    ///< AVX2, FMA and F16C, enabled by the operating system
  bool avx512 = false;  ///< AVX-512 F, BW, DQ, VL
  bool avx512_vnni = false;
  bool avx512_bf16 = false;
  bool amx_bf16 = false;
  std::string model_name;  ///< as /proc/cpuinfo says it
};

/// The features, detected at the first call. RECTO_CPU=baseline|avx2|avx512 lowers (never raises)
/// what is reported, to test the other code paths.
const CpuFeatures& cpu_features();

/// Names of the features present, for people: {"avx2", "avx512", ...}.
std::vector<std::string> cpu_feature_names();

/// MemAvailable of /proc/meminfo and the cgroup limit, whichever is less, in bytes.
uint64_t available_memory_bytes();

/// Largest resident set of this process so far, in bytes.
uint64_t peak_memory_bytes();

}  // namespace recto
