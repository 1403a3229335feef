// Fused linear layers against the same arithmetic written out, with every gradient.

#include "learn/fused_linears.h"

#include <gtest/gtest.h>

namespace recto {
namespace {

constexpr int64_t kRows = 7, kIn = 12, kOut = 10, kRank = 3;
constexpr double kEpsilon = 1e-5;

struct FusedCase {
  const char* name;
  bool adapted;
  bool weights_trained;
  bool input_trained;
};

class FusedLinearsTest : public testing::TestWithParam<FusedCase> {
 protected:
  void SetUp() override {
    at::set_num_threads(1);
    torch::manual_seed(1);
    for (int i = 0; i < 3; ++i) {
      LinearParts linear{tensor({kOut, kIn}, GetParam().weights_trained), {}, {}, 0};
      // The middle one has no adapter.
      if (GetParam().adapted && i != 1) {
        linear.lora_a = tensor({kRank, kIn}, true);
        linear.lora_b = tensor({kOut, kRank}, true);
        linear.scale = 0.5 + i;
      }
      linears_.push_back(linear);
    }
    first_ = tensor({kRows, kIn}, GetParam().input_trained);
    second_ = tensor({kRows, kIn}, GetParam().input_trained);
    norm_ = tensor({kIn}, GetParam().weights_trained);
  }

  torch::Tensor tensor(at::IntArrayRef shape, bool trained) {
    torch::Tensor made = torch::randn(shape);
    made.set_requires_grad(trained);
    if (trained) trained_.push_back(made);
    return made;
  }

  static torch::Tensor plain(const torch::Tensor& x, const LinearParts& linear) {
    const torch::Tensor y = torch::linear(x, linear.weight);
    if (!linear.lora_a.defined()) return y;
    return y + linear.scale * torch::linear(torch::linear(x, linear.lora_a), linear.lora_b);
  }

  /// Gradients of a number that depends on every output, each in its own way.
  std::vector<torch::Tensor> gradients(const std::vector<torch::Tensor>& outputs) {
    for (torch::Tensor& parameter : trained_) parameter.mutable_grad() = torch::Tensor();
    torch::Tensor sum = torch::zeros({});
    for (size_t i = 0; i < outputs.size(); ++i) {
      const torch::Tensor weights = torch::arange(outputs[i].numel()).view_as(outputs[i]);
      sum = sum + (outputs[i].square() * (weights % (3 + static_cast<int64_t>(i)))).sum();
    }
    if (sum.requires_grad()) sum.backward();
    std::vector<torch::Tensor> found;
    for (const torch::Tensor& parameter : trained_) {
      found.push_back(parameter.grad().defined() ? parameter.grad().clone() : torch::Tensor());
    }
    return found;
  }

  void expect_equal(const std::vector<torch::Tensor>& fused,
                    const std::vector<torch::Tensor>& plain) {
    ASSERT_EQ(fused.size(), plain.size());
    for (size_t i = 0; i < fused.size(); ++i) {
      EXPECT_TRUE(torch::allclose(fused[i], plain[i], 1e-4, 1e-5)) << i;
    }
    const std::vector<torch::Tensor> found = gradients(fused);
    const std::vector<torch::Tensor> wanted = gradients(plain);
    for (size_t i = 0; i < wanted.size(); ++i) {
      ASSERT_EQ(found[i].defined(), wanted[i].defined()) << i;
      if (!wanted[i].defined()) continue;
      EXPECT_LE((found[i] - wanted[i]).norm().item<double>(),
                1e-5 * wanted[i].norm().item<double>())
          << i;
    }
  }

  std::vector<LinearParts> linears_;
  std::vector<torch::Tensor> trained_;
  torch::Tensor first_, second_, norm_;
};

TEST_P(FusedLinearsTest, AfterARootMeanSquareNorm) {
  const torch::Tensor x = first_ * torch::rsqrt(first_.square().mean(-1, true) + kEpsilon) * norm_;
  std::vector<torch::Tensor> outputs;
  for (const LinearParts& linear : linears_) outputs.push_back(plain(x, linear));
  expect_equal(rms_normed_linears(first_, norm_, kEpsilon, linears_), outputs);
}

TEST_P(FusedLinearsTest, AfterAGate) {
  for (const LinearParts& linear : linears_) {
    const torch::Tensor x = torch::silu(first_) * second_;
    expect_equal({gated_linear(first_, second_, linear)}, {plain(x, linear)});
  }
}

TEST_P(FusedLinearsTest, OfAGivenInput) {
  for (const LinearParts& linear : linears_) {
    expect_equal({given_linear(first_, linear)}, {plain(first_, linear)});
  }
}

TEST_P(FusedLinearsTest, AnOutputThatNobodyUsesHasNoPart) {
  const torch::Tensor x = first_ * torch::rsqrt(first_.square().mean(-1, true) + kEpsilon) * norm_;
  expect_equal({rms_normed_linears(first_, norm_, kEpsilon, linears_)[2]}, {plain(x, linears_[2])});
}

INSTANTIATE_TEST_SUITE_P(All, FusedLinearsTest,
                         testing::Values(FusedCase{"adapters", true, false, true},
                                         FusedCase{"first_layer", true, false, false},
                                         FusedCase{"full", false, true, true},
                                         FusedCase{"all", true, true, true},
                                         FusedCase{"frozen", false, false, true}),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace recto
