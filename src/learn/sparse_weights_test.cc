// The sparse output of the torch model: gradients, idf, loss.
#include "learn/sparse_weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "learn/sparse_objective.h"
#include "learn/starting_head.h"
#include "learn/train_test_support.h"
#include "search/sparse_search.h"
#include "support/sparse_model.h"

namespace recto {
namespace {
namespace fs = std::filesystem;

torch::Tensor drawn(at::IntArrayRef shape, int seed) {
  torch::manual_seed(static_cast<uint64_t>(seed));
  return torch::randn(shape, torch::kFloat64);
}

/// The same by torch's own operations.
torch::Tensor plain_sums(const torch::Tensor& states, const torch::Tensor& table,
                         const torch::Tensor& bias, std::span<const int64_t> counts,
                         int64_t candidates) {
  torch::Tensor all = torch::softmax(states.mm(table.t()) + bias, 1);
  if (candidates > 0) {
    const torch::Tensor least = std::get<0>(all.detach().topk(candidates, 1)).amin(1, true);
    all = all * all.detach().ge(least);
  }
  std::vector<torch::Tensor> sums;
  int64_t first = 0;
  for (const int64_t count : counts) {
    sums.push_back(all.narrow(0, first, count).sum(0));
    first += count;
  }
  return torch::stack(sums);
}

TEST(SoftmaxSums, ValuesAndGradientsAreThoseOfTheFormula) {
  const std::vector<int64_t> counts = {3, 1, 4};
  const torch::Tensor weights = drawn({3, 11}, 4);
  for (const int64_t candidates : {0, 1, 4, 11}) {
    std::vector<std::vector<torch::Tensor>> found;
    for (const auto& sums : {softmax_sums, plain_sums}) {
      std::vector<torch::Tensor> inputs = {drawn({8, 5}, 1), drawn({11, 5}, 2), drawn({11}, 3)};
      for (torch::Tensor& input : inputs) input.requires_grad_();
      const torch::Tensor value =
          (torch::log1p(sums(inputs[0], inputs[1], inputs[2], counts, candidates)) * weights).sum();
      value.backward();
      found.push_back({value.detach(), inputs[0].grad(), inputs[1].grad(), inputs[2].grad()});
    }
    for (size_t i = 0; i < found[0].size(); ++i) {
      EXPECT_LT((found[0][i] - found[1][i]).abs().max().item<double>(), 1e-12)
          << i << " with " << candidates << " candidates";
    }
  }
}

TEST(SoftmaxSums, GradientsAreThoseOfFiniteDifferences) {
  const std::vector<int64_t> counts = {2, 3};
  const torch::Tensor table = drawn({7, 4}, 2), bias = drawn({7}, 3), weights = drawn({2, 7}, 4);
  const auto value = [&](const torch::Tensor& states) {
    return (softmax_sums(states, table, bias, counts) * weights).sum();
  };
  torch::Tensor states = drawn({5, 4}, 1).requires_grad_();
  value(states).backward();
  for (int64_t i = 0; i < 5; ++i) {
    for (int64_t k = 0; k < 4; ++k) {
      const torch::Tensor step = torch::zeros({5, 4}, torch::kFloat64);
      step[i][k] = 1e-6;
      const torch::Tensor at = states.detach();
      const double slope = (value(at + step) - value(at - step)).item<double>() / 2e-6;
      EXPECT_NEAR(states.grad()[i][k].item<double>(), slope, 1e-8);
    }
  }
}

TEST(SparseWeights, KeepsTheLargestAndGivesTheOthersNoGradient) {
  const ModelConfig config = read_model_config(test::any_model());
  const SparseHead head = test::random_sparse_head(config, 3);
  const int64_t width = config.text.hidden_size, vocabulary = config.text.vocab_size;
  SparseWeights all(head, config, SparseOutput{.saturation = 4, .top_n = config.text.vocab_size});
  SparseWeights some(head, config, SparseOutput{.saturation = 4, .top_n = 5});
  EXPECT_EQ(some->head(), head);
  const torch::Tensor visual = drawn({6, width}, 1).to(torch::kFloat32);
  const torch::Tensor table = drawn({vocabulary, width}, 2).to(torch::kFloat32);
  const std::vector<Edges> edges = {{{{0, 2}}}, {{{2, 4}}}};
  const torch::Tensor whole = all(visual, edges, table);
  EXPECT_TRUE(torch::equal(some(visual, edges, table), whole)) << "all, so that all can learn";
  const torch::Tensor kept = some->largest(whole);
  ASSERT_EQ(kept.sizes(), whole.sizes());
  for (int64_t row = 0; row < 2; ++row) {
    EXPECT_EQ(kept[row].gt(0).sum().item<int64_t>(), 5);
    const torch::Tensor is_kept = kept[row].gt(0);
    EXPECT_TRUE(torch::equal(kept[row].masked_select(is_kept), whole[row].masked_select(is_kept)));
    EXPECT_GE(kept[row].masked_select(is_kept).min().item<float>(),
              whole[row].masked_select(is_kept.logical_not()).max().item<float>());
  }
  EXPECT_TRUE(torch::equal(all->largest(whole), whole));
  kept.masked_select(kept.eq(0)).sum().backward();
  EXPECT_EQ(all->parameters()[0].grad().abs().sum().item<float>(), 0);
}

TEST(SparseWeights, AreTheMeanOfTheEdgesAndSoAreTheirGradients) {
  const ModelConfig config = read_model_config(test::any_model());
  SparseWeights weights(test::random_sparse_head(config, 3), config, SparseOutput{.gain = 16});
  const torch::Tensor table =
      drawn({config.text.vocab_size, config.text.hidden_size}, 2).to(torch::kFloat32);
  const auto gradient_of = [&](const std::function<torch::Tensor(const torch::Tensor&)>& value) {
    const torch::Tensor visual = drawn({9, config.text.hidden_size}, 1).to(torch::kFloat32);
    visual.requires_grad_();
    const torch::Tensor found = value(visual);
    (found * drawn(found.sizes(), 5).to(torch::kFloat32)).sum().backward();
    return std::pair(found.detach(), visual.grad());
  };
  // A page of two edges, tokens 0, 1 and 4 of the first, and one of a single edge.
  const std::vector<Edges> edges = {{{{0, 2}, {4, 1}}, {{2, 2}}}, {{{5, 4}}}};
  const auto [found, gradient] =
      gradient_of([&](const torch::Tensor& visual) { return weights(visual, edges, table); });
  const auto [wanted, wanted_gradient] = gradient_of([&](const torch::Tensor& visual) {
    const auto alone = [&](const std::vector<int64_t>& tokens) {
      const std::vector<Edges> one = {{{{0, std::ssize(tokens)}}}};
      return weights(visual.index_select(0, torch::tensor(tokens)), one, table);
    };
    return torch::cat({(alone({0, 1, 4}) + alone({2, 3})) / 2, alone({5, 6, 7, 8})}, 0);
  });
  EXPECT_LT((found - wanted).abs().max().item<float>(), 1e-5);
  EXPECT_LT((gradient - wanted_gradient).abs().max().item<float>(), 1e-5);
}

TEST(SparseWeights, TheDenseMatrixIsWrittenAsBf16HasIt) {
  const ModelConfig config = read_model_config(test::any_model());
  SparseHead head = test::random_sparse_head(config, 3);
  head.dense = fresh_dense(config.text.vocab_size, 12, 7);
  head.page_bias.assign(12, 0.3F);
  head.text_bias.assign(12, -0.3F);
  double square = 0;
  for (const float value : head.dense) square += double{value} * value;
  EXPECT_NEAR(square / config.text.vocab_size, 1, 0.1) << "rows have a length of about 1";
  EXPECT_EQ(head.dense, fresh_dense(config.text.vocab_size, 12, 7));
  EXPECT_NE(head.dense, fresh_dense(config.text.vocab_size, 12, 8));
  SparseWeights weights(head, config, SparseOutput{});
  weights->scale_dense(torch::full({config.text.vocab_size}, 2.0));
  const SparseHead written = weights->head();
  EXPECT_EQ(written.page_bias, head.page_bias);
  EXPECT_EQ(written.text_bias, head.text_bias);
  for (size_t i = 0; i < head.dense.size(); ++i) {
    EXPECT_NEAR(written.dense[i], 2 * head.dense[i], 0.005 * std::abs(2 * head.dense[i]));
  }
  const TemporaryDirectory directory;
  write_sparse_head(written, config, directory.path());
  EXPECT_EQ(read_sparse_head(directory.path(), config), written);
}

TEST(PictureWeights, StandForThePicturesWhileNothingThatMakesThemIsTrained) {
  const TemporaryDirectory directory;
  const fs::path path = directory.path() / "model";
  fs::copy(test::any_model(), path, fs::copy_options::recursive);
  test::add_vocabulary_pooling(path);
  const auto opened = ModelDirectory::open(path);
  RetrieverModel model(opened->config(), opened->contract());
  model->load(opened->weights());
  model->attach_sparse(*opened->sparse_head(), *opened->contract().sparse);
  for (torch::Tensor& parameter : model->parameters()) parameter.set_requires_grad(false);
  const ModelInput query = opened->inputs().query("a word"),
                   page = opened->inputs().document(test::striped_page(0)),
                   other = opened->inputs().document(test::striped_page(1));
  ModelInput blind = page;
  blind.images.clear();
  const std::vector<Sequence> seen = {{&other}, {&query}, {&page}},
                              known = {{&other},
                                       {&query},
                                       {&blind, {}, 0, model->picture_weights(page)}};
  EXPECT_TRUE(torch::equal(model->outputs(known), model->outputs(seen)));
  EXPECT_TRUE(torch::equal(model->forward(known), model->forward(seen)));
  EXPECT_TRUE(model->weights_are_constant());
  for (const char* name : {"sparse_head.bias", "sparse_head.projection.weight",
                           "text_model.embed_tokens.weight", "vision_model.post_layernorm.bias"}) {
    torch::Tensor parameter = model->named_parameters()[name];
    parameter.set_requires_grad(true);
    EXPECT_FALSE(model->weights_are_constant()) << name;
    parameter.set_requires_grad(false);
  }
  model->named_parameters()["sparse_head.dense.weight"].set_requires_grad(true);
  EXPECT_TRUE(model->weights_are_constant());
}

TEST(SparseObjective, ItsIdfIsThatOfTheSearch) {
  const std::vector<std::string> ids = {"a", "b", "c"};
  const std::vector<SparseVector> pages = {
      {{1, 3, 4}, {0.7f, 2.0f, 0.1f}}, {{1, 2}, {1.5f, 0.3f}}, {{1, 4}, {3.0f, 0.5f}}};
  torch::Tensor rows = torch::zeros({3, 6});
  for (size_t p = 0; p < pages.size(); ++p) {
    for (size_t i = 0; i < pages[p].ids.size(); ++i) {
      rows[static_cast<int64_t>(p)][pages[p].ids[i]] = pages[p].weights[i];
    }
  }
  for (const int gain : {1, 16}) {
    const SparseSearch search(ids, pages, gain);
    const torch::Tensor idf = inverse_frequencies(expected_frequencies(rows, gain), 3);
    for (int32_t token = 1; token < 5; ++token) {
      EXPECT_NEAR(idf[token].item<float>(), search.idf(token), 1e-6) << token << " " << gain;
    }
  }
  const torch::Tensor idf = inverse_frequencies(expected_frequencies(rows), 3);
  EXPECT_NEAR(idf[5].item<float>(), std::log(4.0), 1e-6) << "a token of no page yet";
}

}  // namespace
}  // namespace recto
