// What the reference values do not show: partial knowledge, masks, and parts of a batch.

#include "learn/losses.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "learn/learn_golden_support.h"
#include "learn/objective.h"
#include "support/errors.h"

namespace recto {
namespace {

constexpr float kUnknown = std::numeric_limits<float>::quiet_NaN();
constexpr LossKind kKinds[] = {LossKind::kInfoNce,    LossKind::kSymmetric,
                               LossKind::kBiNegative, LossKind::kDistillCosine,
                               LossKind::kDistillKl,  LossKind::kDistillMarginMse};

torch::Tensor unit_vectors(int64_t count, int64_t dimensions, uint64_t seed) {
  const at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  const torch::Tensor vectors = torch::randn({count, dimensions}, generator, torch::kFloat32);
  return vectors / vectors.norm(2, -1, true);
}

/// Three queries, three positives, four hard negatives (one, one and two), a teacher for all.
LossInput small_input() {
  LossInput input;
  input.queries = unit_vectors(3, 8, 1).requires_grad_();
  input.positives = unit_vectors(3, 8, 2).requires_grad_();
  input.negatives = unit_vectors(4, 8, 3).requires_grad_();
  input.negative_rows = torch::tensor({0, 1, 2, 2}, torch::kInt64);
  input.temperature = 0.1;
  input.teacher.vectors = unit_vectors(10, 8, 4);
  input.teacher.has_vector = torch::ones({10}, torch::kBool);
  input.teacher.scores =
      input.teacher.vectors.narrow(0, 0, 3).mm(input.teacher.vectors.narrow(0, 3, 7).t());
  return input;
}

double value(LossKind kind, const LossInput& input) {
  return loss_value(kind, input).item<double>();
}

TEST(LossesTest, AMaskedHardNegativeIsNotCompared) {
  LossInput input = small_input();
  input.mask = torch::zeros({3, 7}, torch::kBool);
  const double all = value(LossKind::kBiNegative, input);
  EXPECT_EQ(all, value(LossKind::kBiNegative, small_input()));
  input.mask[2][6] = true;  // the last negative, of query 2
  LossInput without = small_input();
  without.negatives = without.negatives.narrow(0, 0, 3);
  without.negative_rows = without.negative_rows.narrow(0, 0, 3);
  EXPECT_NEAR(value(LossKind::kBiNegative, input), value(LossKind::kBiNegative, without), 1e-6);
  EXPECT_NE(value(LossKind::kBiNegative, input), all);
  input.mask.narrow(1, 3, 4).fill_(true);
  without.negatives = torch::Tensor();
  EXPECT_NEAR(value(LossKind::kBiNegative, input), value(LossKind::kBiNegative, without), 1e-6);
}

TEST(LossesTest, KlKeepsToTheScoresThatAreKnown) {
  LossInput input = small_input();
  input.teacher.scores[0][2] = kUnknown;
  input.teacher.scores[1].fill_(kUnknown);
  input.teacher.scores[1][1] = 0.5;  // one document alone says nothing
  EXPECT_EQ(count_comparisons(LossKind::kDistillKl, input), 2);
  const auto row = [&](int64_t q, const std::vector<int64_t>& columns) {
    const torch::Tensor chosen = torch::tensor(columns, torch::kInt64);
    const torch::Tensor documents = torch::cat({input.positives, input.negatives}, 0);
    const torch::Tensor s =
        documents.mv(input.queries[q]).index_select(0, chosen) / input.temperature;
    const torch::Tensor t =
        input.teacher.scores[q].index_select(0, chosen) / input.teacher.temperature;
    const torch::Tensor p = t.softmax(0);
    return (p * (p.log() - s.log_softmax(0))).sum().item<double>();
  };
  const double want = (row(0, {0, 1, 3, 4, 5, 6}) + row(2, {0, 1, 2, 3, 4, 5, 6})) / 2;
  const torch::Tensor loss = loss_value(LossKind::kDistillKl, input);
  EXPECT_NEAR(loss.item<double>(), want, 1e-5);
  loss.backward();
  EXPECT_TRUE(input.queries.grad().isfinite().all().item<bool>());
  EXPECT_EQ(input.queries.grad()[1].abs().max().item<double>(), 0);
}

TEST(LossesTest, ARepeatedDocumentIsTaughtOnce) {
  LossInput input = small_input();
  input.repeated = torch::zeros({7}, torch::kBool);
  input.repeated[6] = true;
  LossInput without = small_input();
  without.negatives = without.negatives.narrow(0, 0, 3);
  without.negative_rows = without.negative_rows.narrow(0, 0, 3);
  without.teacher.scores = without.teacher.scores.narrow(1, 0, 6);
  without.teacher.vectors = without.teacher.vectors.narrow(0, 0, 9);
  without.teacher.has_vector = without.teacher.has_vector.narrow(0, 0, 9);
  for (const LossKind kind : {LossKind::kDistillKl, LossKind::kDistillCosine}) {
    EXPECT_NEAR(value(kind, input), value(kind, without), 1e-6) << loss_name(kind);
    EXPECT_NE(value(kind, input), value(kind, small_input())) << loss_name(kind);
  }
}

TEST(LossesTest, CosineComparesQueriesAndDocumentsThatHaveAVector) {
  LossInput input = small_input();
  input.teacher.has_vector.fill_(false);
  input.teacher.has_vector[1] = true;
  input.teacher.has_vector[4] = true;  // the second positive
  const double query = input.queries[1].dot(input.teacher.vectors[1]).item<double>();
  const double page = input.positives[1].dot(input.teacher.vectors[4]).item<double>();
  EXPECT_NEAR(value(LossKind::kDistillCosine, input), 1 - (query + page) / 2, 1e-6);
  EXPECT_EQ(count_comparisons(LossKind::kDistillCosine, input), 2);
}

TEST(LossesTest, MarginMseNeedsBothScores) {
  LossInput input = small_input();
  input.teacher.scores[0][0] = kUnknown;  // query 0 without its positive
  input.teacher.scores[2][6] = kUnknown;
  EXPECT_EQ(count_comparisons(LossKind::kDistillMarginMse, input), 2);
  const auto margin = [&](int64_t q, int64_t n) {
    const double teacher =
        (input.teacher.scores[q][q] - input.teacher.scores[q][3 + n]).item<double>();
    const double student =
        input.queries[q].dot(input.positives[q] - input.negatives[n]).item<double>();
    return (teacher - student) * (teacher - student);
  };
  EXPECT_NEAR(value(LossKind::kDistillMarginMse, input), (margin(1, 1) + margin(2, 2)) / 2, 1e-6);
}

TEST(LossesTest, WithNothingToCompareALossIsZeroAndHasAGraph) {
  LossInput input = small_input();
  input.negatives = torch::Tensor();
  input.mask = torch::eye(3, torch::kInt32) == 0;
  input.teacher.vectors = torch::Tensor();
  input.teacher.scores = torch::Tensor();
  for (const LossKind kind : kKinds) {
    const torch::Tensor loss = loss_value(kind, input);
    EXPECT_EQ(loss.item<double>(), 0) << loss_name(kind);
    EXPECT_EQ(count_comparisons(kind, input), 0) << loss_name(kind);
    loss.backward();
    EXPECT_EQ(input.queries.grad().abs().max().item<double>(), 0) << loss_name(kind);
  }
}

TEST(LossesTest, EveryLossCountsWhatItCompares) {
  const LossInput input = small_input();
  const std::vector<int64_t> want = {3, 6, 7, 10, 3, 4};
  for (size_t i = 0; i < want.size(); ++i) {
    EXPECT_EQ(count_comparisons(kKinds[i], input), want[i]) << loss_name(kKinds[i]);
  }
}

/// Central differences of the loss along random directions, in double.
TEST(LossesTest, GradientsAreTheDifferencesOfTheValues) {
  for (const LossKind kind : kKinds) {
    LossInput input = small_input();
    input.mask = torch::zeros({3, 7}, torch::kBool);
    input.mask[0][1] = true;
    input.teacher.scores = input.teacher.scores.to(torch::kFloat64);
    input.teacher.scores[1][4] = kUnknown;
    input.teacher.vectors = input.teacher.vectors.to(torch::kFloat64);
    for (torch::Tensor* side : {&input.queries, &input.positives, &input.negatives}) {
      *side = side->detach().to(torch::kFloat64).requires_grad_();
    }
    loss_value(kind, input).backward();
    for (torch::Tensor* side : {&input.queries, &input.positives, &input.negatives}) {
      const torch::Tensor direction =
          unit_vectors(side->size(0), side->size(1), 9).to(torch::kFloat64);
      const torch::Tensor gradient =
          side->grad().defined() ? side->grad() : torch::zeros_like(*side);
      const torch::NoGradGuard no_grad;
      const double step = 1e-6;
      const torch::Tensor before = side->clone();
      side->copy_(before + step * direction);
      const double above = value(kind, input);
      side->copy_(before - step * direction);
      const double below = value(kind, input);
      side->copy_(before);
      const double want = (gradient * direction).sum().item<double>();
      EXPECT_NEAR((above - below) / (2 * step), want, 1e-6 * std::max(1.0, std::abs(want)))
          << loss_name(kind);
    }
  }
}

TEST(ObjectiveTest, PrefixesAndTermsAreSummedWithTheirWeights) {
  const LossInput input = small_input();
  const std::vector<LossTerm> terms = {{LossKind::kInfoNce, 0.5},
                                       {LossKind::kDistillCosine, 2},
                                       {LossKind::kDistillKl, 1},
                                       {LossKind::kDistillMarginMse, 4}};
  const Objective objective{terms, {8, 4, 2}, {1, 0.5, 0.25}};
  const ObjectiveValue got = evaluate_objective(objective, input);
  double total = 0;
  for (size_t i = 0; i < terms.size(); ++i) {
    double want = 0;
    for (size_t d = 0; d < 3; ++d) {
      want += objective.dimension_weights[d] *
              value(terms[i].kind, prefix_input(input, objective.dimensions[d]));
    }
    EXPECT_NEAR(got.terms[i], want, 1e-5) << loss_name(terms[i].kind);
    total += terms[i].weight * want;
  }
  EXPECT_NEAR(got.total.item<double>(), total, 1e-4);
}

TEST(ObjectiveTest, OneLengthIsTakenAsItIs) {
  const LossInput input = small_input();
  EXPECT_EQ(evaluate_objective({{{}}, {8}, {}}, input).total.item<double>(),
            value(LossKind::kInfoNce, input));
  EXPECT_NEAR(evaluate_objective({{{}}, {8}, {3}}, input).total.item<double>(),
              3 * value(LossKind::kInfoNce, input), 1e-5);
}

TEST(ObjectiveTest, WeightsThatCannotBeMeantAreRefused) {
  const auto message = [](const std::vector<double>& weights) {
    return test::error_of([&] { check_dimension_weights({{{}}, {8, 4}, weights}); },
                          ErrorCode::kUsage);
  };
  check_dimension_weights({{{}}, {8, 4}, {1, 2}});
  EXPECT_EQ(message({1}),
            "--dimension-weights has 1 numbers and --dimensions 2 (8,4); one weight for each is "
            "wanted");
  EXPECT_EQ(message({1, 0}), "--dimension-weights: 0 is no number above 0");
}

}  // namespace
}  // namespace recto
