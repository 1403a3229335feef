#include "base/cpu.h"

#include <sys/resource.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <limits>

namespace recto {
namespace {

std::string model_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const size_t colon = line.find(": ");
    if (line.rfind("model name", 0) == 0 && colon != std::string::npos)
      return line.substr(colon + 2);
  }
  return "unknown";
}

CpuFeatures detect() {
  CpuFeatures features;
  features.model_name = model_name();
#if defined(__x86_64__)
  __builtin_cpu_init();
  const auto has = [](int supported) { return supported != 0; };
  features.avx2 = has(__builtin_cpu_supports("avx2")) && has(__builtin_cpu_supports("fma")) &&
                  has(__builtin_cpu_supports("f16c"));
  features.avx512 = features.avx2 && has(__builtin_cpu_supports("avx512f")) &&
                    has(__builtin_cpu_supports("avx512bw")) &&
                    has(__builtin_cpu_supports("avx512dq")) &&
                    has(__builtin_cpu_supports("avx512vl"));
  features.avx512_vnni = features.avx512 && has(__builtin_cpu_supports("avx512vnni"));
  features.avx512_bf16 = features.avx512 && has(__builtin_cpu_supports("avx512bf16"));
  features.amx_bf16 = features.avx512 && has(__builtin_cpu_supports("amx-bf16"));
  const char* cap = std::getenv("RECTO_CPU");
  const bool baseline = cap != nullptr && std::strcmp(cap, "baseline") == 0;
  if (baseline) features.avx2 = false;
  if (baseline || (cap != nullptr && std::strcmp(cap, "avx2") == 0)) {
    features.avx512 = features.avx512_vnni = features.avx512_bf16 = features.amx_bf16 = false;
  }
#endif
  return features;
}

uint64_t mem_available() {
  std::ifstream file("/proc/meminfo");
  std::string key;
  uint64_t kib = 0;
  std::string unit;
  while (file >> key >> kib >> unit) {
    if (key == "MemAvailable:") return kib * 1024;
  }
  return std::numeric_limits<uint64_t>::max();
}

uint64_t read_number(const char* path, uint64_t fallback) {
  std::ifstream file(path);
  uint64_t value = 0;
  return file >> value ? value : fallback;
}

}  // namespace

const CpuFeatures& cpu_features() {
  static const CpuFeatures features = detect();
  return features;
}

std::vector<std::string> cpu_feature_names() {
  const CpuFeatures& f = cpu_features();
  std::vector<std::string> names;
  if (f.avx2) names.emplace_back("avx2");
  if (f.avx512) names.emplace_back("avx512");
  if (f.avx512_vnni) names.emplace_back("avx512_vnni");
  if (f.avx512_bf16) names.emplace_back("avx512_bf16");
  if (f.amx_bf16) names.emplace_back("amx_bf16");
  return names;
}

uint64_t available_memory_bytes() {
  const uint64_t unlimited = std::numeric_limits<uint64_t>::max();
  const uint64_t limit = read_number("/sys/fs/cgroup/memory.max", unlimited);
  const uint64_t used = read_number("/sys/fs/cgroup/memory.current", 0);
  const uint64_t left = limit == unlimited ? unlimited : limit - std::min(used, limit);
  return std::min(mem_available(), left);
}

uint64_t peak_memory_bytes() {
  struct rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<uint64_t>(usage.ru_maxrss) * 1024;
}

}  // namespace recto
