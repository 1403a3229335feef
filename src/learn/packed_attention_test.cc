// Attention over a pack against attention over each sequence alone, with every gradient.

#include "learn/packed_attention.h"

#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "learn/layers.h"

namespace recto {
namespace {

constexpr int64_t kWidth = 8;  // of a head

struct PackedCase {
  const char* name;
  std::vector<PackRun> runs;
  AttentionHeads heads;
};

class PackedAttentionTest : public testing::TestWithParam<PackedCase> {};

/// The definition: softmax(q kᵀ / sqrt(d)) v, one sequence and one head after the other.
torch::Tensor by_definition(const std::vector<torch::Tensor>& qkv, const PackedCase& c) {
  std::vector<torch::Tensor> rows;
  for (const PackRun& run : c.runs) {
    for (int64_t i = 0; i < run.sequences; ++i) {
      const int64_t first = run.first_row + i * run.length;
      std::vector<torch::Tensor> mixed;
      for (int64_t head = 0; head < c.heads.queries; ++head) {
        const auto part = [&](const torch::Tensor& x, int64_t of) {
          return x.narrow(0, first, run.length).narrow(1, of * kWidth, kWidth);
        };
        const int64_t key = head / (c.heads.queries / c.heads.keys);
        torch::Tensor scores = part(qkv[0], head).mm(part(qkv[1], key).t()) / std::sqrt(kWidth);
        if (c.heads.causal) {
          const torch::Tensor later = torch::ones({run.length, run.length}, torch::kBool).triu(1);
          scores = scores.masked_fill(later, -INFINITY);
        }
        mixed.push_back(scores.softmax(-1).mm(part(qkv[2], key)));
      }
      rows.push_back(torch::cat(mixed, 1));
    }
  }
  return torch::cat(rows, 0);
}

std::vector<torch::Tensor> gradients(const std::vector<torch::Tensor>& qkv,
                                     const torch::Tensor& mixed) {
  const torch::Tensor weights = torch::arange(mixed.numel()).view_as(mixed) % 5;
  return torch::autograd::grad({(mixed.square() * weights).sum()}, qkv);
}

TEST_P(PackedAttentionTest, EqualsItsDefinition) {
  const PackedCase& c = GetParam();
  torch::manual_seed(1);
  const int64_t rows = c.runs.back().first_row + c.runs.back().sequences * c.runs.back().length;
  std::vector<torch::Tensor> qkv;
  for (const int64_t heads : {c.heads.queries, c.heads.keys, c.heads.keys}) {
    qkv.push_back(torch::randn({rows, heads * kWidth}).set_requires_grad(true));
  }
  const torch::Tensor packed = packed_attention(qkv[0], qkv[1], qkv[2], c.runs, c.heads);
  const torch::Tensor wanted = by_definition(qkv, c);
  EXPECT_TRUE(torch::allclose(packed, wanted, 1e-5, 1e-6));
  const std::vector<torch::Tensor> found = gradients(qkv, packed);
  const std::vector<torch::Tensor> expected = gradients(qkv, wanted);
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_LE((found[i] - expected[i]).norm().item<double>(),
              1e-5 * expected[i].norm().item<double>())
        << "qkv"[i];
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, PackedAttentionTest,
    testing::Values(PackedCase{"grouped", {{0, 2, 5}, {10, 1, 33}}, {6, 2, true}},
                    PackedCase{"bidirectional", {{0, 3, 4}, {12, 2, 7}}, {4, 4, false}},
                    PackedCase{"one_key_head", {{0, 1, 1}, {1, 1, 20}}, {3, 1, true}}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace recto
