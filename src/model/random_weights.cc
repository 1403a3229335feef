#include "model/random_weights.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/fnv1a.h"
#include "base/progress.h"
#include "base/random.h"
#include "base/threads.h"
#include "model/model_write.h"
#include "model/safetensors.h"
#include "model/weights.h"

namespace recto {
namespace {

constexpr double kDeviation = 0.02;
constexpr size_t kQuantiles = 1 << 16;
constexpr size_t kChunk = size_t{1} << 20;  // elements with a random stream of their own

using Quantiles = std::array<float, kQuantiles>;

// e^y for -32 <= y <= 0 by arithmetic alone: libm's last bit depends on the processor.
double exponential(double y) {
  double term = 1;
  double sum = 1;
  const double small = y / 1024;
  for (int k = 1; k < 12; ++k) {
    term *= small / k;
    sum += term;
  }
  for (int k = 0; k < 10; ++k) sum *= sum;
  return sum;
}

double density(double x) { return exponential(-x * x / 2) / 2.5066282746310002; }

// Probability between 0 and x: density(x) * (x + x^3/3 + x^5/(3*5) + ...).
double half_probability(double x) {
  double term = x;
  double sum = x;
  for (int k = 1; term > sum * 1e-17; ++k) {
    term *= x * x / (2 * k + 1);
    sum += term;
  }
  return density(x) * sum;
}

// The standard normal quantiles of (i + 0.5) / 65536, by Newton's method from the middle outwards.
// Drawing one of them costs a nanosecond, and 16 bits are more than bf16 can tell apart.
std::unique_ptr<const Quantiles> normal_quantiles() {
  auto quantiles = std::make_unique<Quantiles>();
  double x = 0;
  for (size_t i = 0; i < kQuantiles / 2; ++i) {
    const double wanted = (static_cast<double>(i) + 0.5) / kQuantiles;
    for (int step = 0; step < 6; ++step) x -= (half_probability(x) - wanted) / density(x);
    (*quantiles)[kQuantiles / 2 + i] = static_cast<float>(kDeviation * x);
    (*quantiles)[kQuantiles / 2 - 1 - i] = static_cast<float>(-kDeviation * x);
  }
  return quantiles;
}

void draw(const Quantiles& quantiles, Random random, std::span<float> out) {
  for (size_t i = 0; i < out.size(); i += 4) {
    uint64_t bits = random.next();
    for (size_t k = i; k < std::min(i + 4, out.size()); ++k, bits >>= 16) {
      out[k] = quantiles[bits & 0xFFFF];
    }
  }
}

bool is_norm(const std::string& name) {
  return name.ends_with("norm.weight") || name.ends_with("norm1.weight") ||
         name.ends_with("norm2.weight");
}

class RandomTensors {
 public:
  RandomTensors(uint64_t seed, DType dtype)
      : seed_(seed), dtype_(dtype), quantiles_(normal_quantiles()) {}

  void fill(const std::string& name, std::span<std::byte> out) const {
    const size_t size = dtype_size(dtype_);
    const size_t count = out.size() / size;
    parallel_for((count + kChunk - 1) / kChunk, available_cores(), [&](size_t chunk) {
      const size_t first = chunk * kChunk;
      std::vector<float> values(std::min(kChunk, count - first), is_norm(name) ? 1.0f : 0.0f);
      if (!is_norm(name) && !name.ends_with(".bias")) {
        draw(*quantiles_, Random(seed_, fnv1a(name) + chunk), values);
      }
      from_float(values, dtype_, out.subspan(first * size, values.size() * size));
    });
  }

 private:
  uint64_t seed_;
  DType dtype_;
  std::unique_ptr<const Quantiles> quantiles_;
};

}  // namespace

void write_random_weights(const ModelConfig& config, uint64_t seed,
                          const std::filesystem::path& path) {
  auto shapes = expected_tensors(config);
  const bool head_class = is_head_architecture(config.architecture);
  if (head_class && !config.tie_word_embeddings) {
    shapes["lm_head.weight"] = {config.text.vocab_size, config.text.hidden_size};
  }
  const RandomTensors tensors(seed, config.dtype);
  Progress progress("weights", shapes.size());
  SafetensorsWriter writer;
  writer.set_metadata("format", "pt");
  for (const auto& [name, shape] : shapes) {
    writer.add(file_tensor_name(name, head_class), config.dtype, shape,
               [&, name = name](std::span<std::byte> out) {
                 tensors.fill(name, out);
                 progress.advance();
               });
  }
  const uint64_t free = free_disk_bytes(path);
  if (writer.file_size() > free) {
    fail(ErrorCode::kIo, "{} needs {} MB of disk, but only {} MB are free there", path.string(),
         writer.file_size() >> 20, free >> 20);
  }
  writer.write(path);
}

}  // namespace recto
