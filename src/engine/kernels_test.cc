// Every instruction set's kernels against plain double-precision formulas.
#include "engine/kernels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "base/cpu.h"
#include "base/random.h"
#include "engine/attention.h"
#include "engine/buffer.h"
#include "model/tensor.h"

namespace recto {
namespace {

std::vector<const Kernels*> available_kernels() {
  std::vector<const Kernels*> sets = {&portable_kernels()};
#if defined(__x86_64__)
  if (cpu_features().avx2) sets.push_back(&avx2_kernels());
  if (cpu_features().avx512) sets.push_back(&avx512_kernels());
#endif
  return sets;
}

std::vector<float> normal_values(int64_t count, uint64_t seed, double scale = 1.0) {
  Random random(seed);
  std::vector<float> values(static_cast<size_t>(count));
  for (float& value : values) value = static_cast<float>(scale * random.normal());
  return values;
}

class KernelsTest : public testing::TestWithParam<const Kernels*> {};

TEST_P(KernelsTest, SoftmaxOfRowsIsAdded) {
  for (const int64_t width : {1, 5, 16, 37, 96}) {
    const int64_t rows = 4;
    std::vector<float> logits = normal_values(rows * width, 7, 8.0);
    std::vector<double> wanted(static_cast<size_t>(width), 0.5);
    for (int64_t r = 0; r < rows; ++r) {
      double total = 0;
      for (int64_t i = 0; i < width; ++i) total += std::exp(double{logits[r * width + i]});
      for (int64_t i = 0; i < width; ++i) {
        wanted[static_cast<size_t>(i)] += std::exp(double{logits[r * width + i]}) / total;
      }
    }
    std::vector<float> sums(static_cast<size_t>(width), 0.5f);
    GetParam()->add_softmax(logits.data(), rows, width, sums.data());
    for (size_t i = 0; i < sums.size(); ++i) EXPECT_NEAR(sums[i], wanted[i], 2e-6) << width;
  }
}

TEST_P(KernelsTest, LayerNormMatchesItsFormula) {
  for (const int64_t width : {1, 3, 16, 37, 48, 768}) {
    const int64_t rows = 3;
    const std::vector<float> x = normal_values(rows * width, 1, 3.0);
    const std::vector<float> weight = normal_values(width, 2);
    const std::vector<float> bias = normal_values(width, 3);
    std::vector<float> out(x.size());
    GetParam()->layer_norm(x.data(), weight.data(), bias.data(), 1e-6f, rows, width, out.data());
    for (int64_t r = 0; r < rows; ++r) {
      double mean = 0;
      double variance = 0;
      for (int64_t i = 0; i < width; ++i) mean += x[r * width + i] / static_cast<double>(width);
      for (int64_t i = 0; i < width; ++i) {
        variance += std::pow(x[r * width + i] - mean, 2) / static_cast<double>(width);
      }
      for (int64_t i = 0; i < width; ++i) {
        const double wanted =
            (x[r * width + i] - mean) / std::sqrt(variance + 1e-6) * weight[i] + bias[i];
        EXPECT_NEAR(out[r * width + i], wanted, 2e-5) << "width " << width << " column " << i;
      }
    }
  }
}

TEST_P(KernelsTest, RmsNormMatchesItsFormula) {
  for (const int64_t width : {1, 5, 16, 48, 63, 576}) {
    const std::vector<float> x = normal_values(2 * width, 4, 2.0);
    const std::vector<float> weight = normal_values(width, 5);
    std::vector<float> out(x.size());
    GetParam()->rms_norm(x.data(), weight.data(), 1e-5f, 2, width, out.data());
    for (int64_t r = 0; r < 2; ++r) {
      double squares = 0;
      for (int64_t i = 0; i < width; ++i) squares += std::pow(x[r * width + i], 2);
      const double length = std::sqrt(squares / static_cast<double>(width) + 1e-5);
      for (int64_t i = 0; i < width; ++i) {
        EXPECT_NEAR(out[r * width + i], x[r * width + i] / length * weight[i], 1e-5);
      }
    }
  }
}

TEST_P(KernelsTest, SiluGateMatchesItsFormulaFarOutToo) {
  for (const int64_t width : {1, 4, 17, 80}) {
    std::vector<float> gate_up = normal_values(2 * 2 * width, 6, 20.0);
    gate_up[0] = -1000.0f;
    gate_up[static_cast<size_t>(2 * width)] = 1000.0f;
    std::vector<float> out(static_cast<size_t>(2 * width));
    GetParam()->silu_gate(gate_up.data(), 2, width, out.data());
    for (int64_t r = 0; r < 2; ++r) {
      for (int64_t i = 0; i < width; ++i) {
        const double gate = gate_up[r * 2 * width + i];
        const double wanted = gate / (1 + std::exp(-gate)) * gate_up[r * 2 * width + width + i];
        EXPECT_NEAR(out[r * width + i], wanted, 1e-6 * std::max(1.0, std::abs(wanted)))
            << "gate " << gate;
      }
    }
  }
}

TEST_P(KernelsTest, RotateHalfTurnsPairsOfEveryHead) {
  for (const int64_t head_dim : {2, 8, 16, 64, 72}) {
    const int64_t heads = 3;
    const std::vector<float> x = normal_values(heads * head_dim, 7);
    std::vector<float> cosine;
    std::vector<float> sine;
    for (int64_t i = 0; i < head_dim / 2; ++i) {
      cosine.push_back(std::cos(static_cast<float>(i)));
      sine.push_back(std::sin(static_cast<float>(i)));
    }
    std::vector<float> turned = x;
    GetParam()->rotate_half(turned.data(), heads, head_dim, cosine.data(), sine.data());
    for (int64_t h = 0; h < heads; ++h) {
      for (int64_t i = 0; i < head_dim / 2; ++i) {
        const double a = x[h * head_dim + i];
        const double b = x[h * head_dim + head_dim / 2 + i];
        EXPECT_NEAR(turned[h * head_dim + i], a * cosine[i] - b * sine[i], 1e-6);
        EXPECT_NEAR(turned[h * head_dim + head_dim / 2 + i], b * cosine[i] + a * sine[i], 1e-6);
      }
    }
  }
}

TEST_P(KernelsTest, HalfPrecisionConversionsAreExactAtAnyAddress) {
  std::vector<uint16_t> bits;
  for (uint32_t value = 0; value < 65536; ++value) bits.push_back(static_cast<uint16_t>(value));
  std::vector<unsigned char> bytes(2 * bits.size() + 1);
  std::memcpy(bytes.data() + 1, bits.data(), 2 * bits.size());
  std::vector<float> bf16(bits.size());
  std::vector<float> f16(bits.size());
  GetParam()->bf16_to_float(bytes.data() + 1, static_cast<int64_t>(bits.size()), bf16.data());
  GetParam()->f16_to_float(bytes.data() + 1, static_cast<int64_t>(bits.size()), f16.data());
  for (size_t i = 0; i < bits.size(); ++i) {
    const float wanted_bf16 = bf16_to_float(bits[i]);
    const float wanted_f16 = f16_to_float(bits[i]);
    EXPECT_TRUE(bf16[i] == wanted_bf16 || (std::isnan(bf16[i]) && std::isnan(wanted_bf16))) << i;
    EXPECT_TRUE(f16[i] == wanted_f16 || (std::isnan(f16[i]) && std::isnan(wanted_f16))) << i;
  }
}

// softmax(scale Q K^T) V in double, straight from the definition.
std::vector<double> plain_attention(const AttentionShape& shape, const std::vector<float>& qkv,
                                    int64_t tokens) {
  const int64_t dim = shape.head_dim;
  const int64_t row = shape.row();
  std::vector<double> out(static_cast<size_t>(tokens * shape.output_row()));
  for (int64_t h = 0; h < shape.heads; ++h) {
    const int64_t kv = h / (shape.heads / shape.kv_heads);
    const int64_t key = (shape.heads + kv) * dim;
    const int64_t value = (shape.heads + shape.kv_heads + kv) * dim;
    for (int64_t t = 0; t < tokens; ++t) {
      const int64_t visible = shape.causal ? t + 1 : tokens;
      std::vector<double> weights(static_cast<size_t>(visible));
      double largest = -1e300;
      for (int64_t s = 0; s < visible; ++s) {
        double dot = 0;
        for (int64_t i = 0; i < dim; ++i) {
          dot += static_cast<double>(qkv[t * row + h * dim + i]) * qkv[s * row + key + i];
        }
        weights[s] = dot / std::sqrt(static_cast<double>(dim));
        largest = std::max(largest, weights[s]);
      }
      double total = 0;
      for (double& w : weights) total += w = std::exp(w - largest);
      for (int64_t s = 0; s < visible; ++s) {
        for (int64_t i = 0; i < dim; ++i) {
          out[t * shape.output_row() + h * dim + i] +=
              weights[s] / total * qkv[s * row + value + i];
        }
      }
    }
  }
  return out;
}

// One kernel call a key/value head over the whole sequence.
std::vector<float> attend_all(const Kernels& kernels, const AttentionShape& shape,
                              const std::vector<float>& qkv, int64_t tokens) {
  std::vector<float> out(static_cast<size_t>(tokens * shape.output_row()));
  FloatBuffer scratch;
  const int group = shape.heads / shape.kv_heads;
  for (int64_t head = 0; head < shape.kv_heads; ++head) {
    AttentionTask task;
    task.query = qkv.data() + head * group * shape.head_dim;
    task.key = qkv.data() + (shape.heads + head) * shape.head_dim;
    task.value = qkv.data() + (shape.heads + shape.kv_heads + head) * shape.head_dim;
    task.stride = shape.row();
    task.output = out.data() + head * group * shape.head_dim;
    task.output_stride = shape.output_row();
    task.tokens = tokens;
    task.end_query = tokens;
    task.query_heads = group;
    task.head_dim = shape.head_dim;
    task.causal = shape.causal;
    task.scale = static_cast<float>(1 / std::sqrt(static_cast<double>(shape.head_dim)));
    task.scratch = scratch.reserve(attention_scratch_floats(tokens, shape.head_dim));
    kernels.attend(task);
  }
  return out;
}

struct AttentionCase {
  int heads, kv_heads, head_dim;
  int64_t tokens;
  double scale;
};

TEST_P(KernelsTest, AttentionMatchesItsDefinition) {
  const std::vector<AttentionCase> cases = {
      {1, 1, 16, 1, 1.0},   {3, 3, 16, 64, 1.0},  {6, 3, 8, 31, 1.0},    {9, 3, 64, 100, 1.0},
      {2, 1, 72, 53, 1.0},  {4, 4, 48, 300, 1.0}, {2, 2, 64, 1024, 1.0}, {1, 1, 2, 257, 1.0},
      {2, 1, 80, 513, 1.0}, {1, 1, 300, 70, 0.3}, {3, 1, 64, 640, 4.0},  {1, 1, 128, 48, 1.0},
      {1, 1, 33, 49, 1.0},
  };
  for (const AttentionCase& c : cases) {
    for (const bool causal : {false, true}) {
      const AttentionShape shape{c.heads, c.kv_heads, c.head_dim, causal};
      const std::vector<float> qkv = normal_values(c.tokens * shape.row(), 8, c.scale);
      const std::vector<float> found = attend_all(*GetParam(), shape, qkv, c.tokens);
      const std::vector<double> wanted = plain_attention(shape, qkv, c.tokens);
      double worst = 0;
      for (size_t i = 0; i < found.size(); ++i) {
        worst = std::max(worst, std::abs(found[i] - wanted[i]));
      }
      // Rounding of a score grows with it.
      EXPECT_LT(worst, 2e-5 * std::max(1.0, c.scale * c.scale))
          << c.heads << "/" << c.kv_heads << " heads of " << c.head_dim << ", " << c.tokens
          << " tokens, causal " << causal;
    }
  }
}

TEST_P(KernelsTest, AttentionOfGrowingScoresDoesNotOverflow) {
  // Later key blocks hold far larger scores, so that the running maximum must move.
  const AttentionShape shape{1, 1, 16, false};
  const int64_t tokens = 600;
  std::vector<float> qkv = normal_values(tokens * shape.row(), 9);
  for (int64_t t = 0; t < tokens; ++t) {
    for (int64_t i = 0; i < 16; ++i) {
      qkv[t * shape.row() + i] = 5.0f;
      qkv[t * shape.row() + 16 + i] = static_cast<float>(t) * 0.05f;
    }
  }
  const std::vector<float> found = attend_all(*GetParam(), shape, qkv, tokens);
  const std::vector<double> wanted = plain_attention(shape, qkv, tokens);
  for (size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], wanted[i], 2e-4);
}

TEST(AttentionTest, DoesNotDependOnTheNumberOfThreads) {
  const AttentionShape shape{9, 3, 64, true};
  const int64_t tokens = 200;
  const std::vector<float> qkv = normal_values(tokens * shape.row(), 10);
  std::vector<std::vector<float>> results;
  for (const int threads : {1, 2, 5}) {
    Workspace workspace;
    workspace.threads = threads;
    results.emplace_back(static_cast<size_t>(tokens * shape.output_row()));
    attention(shape, qkv.data(), tokens, results.back().data(), workspace);
  }
  EXPECT_EQ(results[0], results[1]);
  EXPECT_EQ(results[0], results[2]);
}

INSTANTIATE_TEST_SUITE_P(InstructionSets, KernelsTest, testing::ValuesIn(available_kernels()),
                         [](const auto& info) { return std::string(info.param->name); });

}  // namespace
}  // namespace recto
