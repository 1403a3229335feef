#include "engine/gemm_selftest.h"

#include <time.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "base/random.h"
#include "base/threads.h"
#include "engine/matmul.h"
#include "engine/team.h"

namespace recto {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

double thread_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

struct Times {
  double wall = 1e30;
  double cpu = 1e30;
};

std::shared_ptr<const Matmul> product_for(const GemmSize& size) {
  return matmul_for({.rows = size.rows, .outputs = size.outputs, .inputs = size.inputs});
}

/// One thread's product and its operands.
class Product {
 public:
  explicit Product(const GemmSize& size)
      : matmul_(product_for(size)),
        stream_(cpu_engine()),
        arguments_{{DNNL_ARG_SRC, random_memory(matmul_->source)},
                   {DNNL_ARG_WEIGHTS, random_memory(matmul_->weights)},
                   {DNNL_ARG_DST, dnnl::memory(matmul_->destination, cpu_engine())},
                   {DNNL_ARG_SCRATCHPAD, dnnl::memory(matmul_->scratchpad, cpu_engine())}} {}

  /// Fewest seconds one product took in runs over `seconds`, at least four.
  Times best_times(double seconds) {
    Times best;
    const Clock::time_point begin = Clock::now();
    for (int i = 0; i < 4 || seconds_since(begin) < seconds; ++i) {
      const double cpu = thread_seconds();
      const Clock::time_point start = Clock::now();
      matmul_->primitive.execute(stream_, arguments_);
      stream_.wait();
      best.wall = std::min(best.wall, seconds_since(start));
      best.cpu = std::min(best.cpu, thread_seconds() - cpu);
    }
    return best;
  }

 private:
  static dnnl::memory random_memory(const dnnl::memory::desc& layout) {
    dnnl::memory memory(layout, cpu_engine());
    auto* values = static_cast<float*>(memory.get_data_handle());
    Random random(1);
    for (size_t i = 0; i < layout.get_size() / sizeof(float); ++i) {
      values[i] = static_cast<float>(random.uniform() - 0.5);
    }
    return memory;
  }

  std::shared_ptr<const Matmul> matmul_;
  dnnl::stream stream_;
  std::unordered_map<int, dnnl::memory> arguments_;
};

}  // namespace

GemmSelfTest gemm_selftest(int threads, double seconds, const GemmSize& size) {
  if (threads < 1) fail(ErrorCode::kUsage, "{} threads: at least 1", threads);
  std::vector<Times> times(static_cast<size_t>(threads));
  parallel_for(times.size(), threads, [&](size_t i) {
    const Team alone(1);
    times[i] = Product(size).best_times(seconds);
  });
  const double work = 2e-9 * static_cast<double>(size.rows * size.outputs * size.inputs);
  GemmSelfTest result;
  result.threads = threads;
  for (const Times& best : times) {
    result.gflops += work / best.wall;
    result.cpu_gflops += work / best.cpu;
  }
  result.implementation = product_for(size)->implementation;
  return result;
}

}  // namespace recto
