#include "model/embedder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "base/random.h"

namespace recto {
namespace {

Contract contract() {
  Contract contract = Contract::default_for(ViewSettings{}, 4);
  contract.dimensions = {4, 2};
  return contract;
}

Matrix vectors() {
  Matrix matrix(2, 4);
  matrix.values = {0.6f, 0.8f, 0, 0, 0.3f, 0.4f, 0.5f, 0.7071f};
  return matrix;
}

TEST(TruncateDimensions, ShorterVectorsHaveLengthOneAgain) {
  const Matrix result = truncate_dimensions(vectors(), 2, contract());
  ASSERT_EQ(result.rows, 2);
  ASSERT_EQ(result.columns, 2);
  EXPECT_FLOAT_EQ(result.row(0)[0], 0.6f);
  EXPECT_FLOAT_EQ(result.row(1)[0], 0.6f);
  EXPECT_FLOAT_EQ(result.row(1)[1], 0.8f);
  EXPECT_EQ(truncate_dimensions(vectors(), 4, contract()).values, vectors().values);
}

TEST(TruncateDimensions, WithoutNormalizationItOnlyCuts) {
  Contract plain = contract();
  plain.normalize = false;
  EXPECT_FLOAT_EQ(truncate_dimensions(vectors(), 2, plain).row(1)[0], 0.3f);
}

TEST(TruncateDimensions, ZeroVectorsStayZero) {
  EXPECT_EQ(truncate_dimensions(Matrix(1, 4), 2, contract()).values, std::vector<float>(2, 0.0f));
}

TEST(TruncateDimensions, OnlyDeclaredLengths) {
  for (const int dimensions : {3, 0, -1, 8}) {
    try {
      truncate_dimensions(vectors(), dimensions, contract());
      ADD_FAILURE() << dimensions << " accepted";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kUsage);
      EXPECT_NE(std::string(error.what()).find("4, 2"), std::string::npos) << error.what();
    }
  }
}

TEST(SparseWeights, TheLargestOrAllAboveZero) {
  const std::vector<float> weights = {0.5f, 0, 2, 0.5f, 0, 0.25f, 2};
  const std::vector<int32_t> above_zero = {0, 2, 3, 5, 6};
  const std::pair<int, std::vector<int32_t>> kept[] = {
      {1, {2}}, {3, {0, 2, 6}}, {5, above_zero}, {7, above_zero}};
  for (const auto& [most, ids] : kept) {
    SCOPED_TRACE(most);
    const SparseVector some = largest_weights(weights, most);
    EXPECT_EQ(some.ids, ids);
    ASSERT_EQ(some.weights.size(), ids.size());
    for (size_t i = 0; i < ids.size(); ++i) {
      EXPECT_EQ(some.weights[i], weights[static_cast<size_t>(ids[i])]);
    }
  }
  EXPECT_EQ(all_weights(weights), largest_weights(weights, 7));
  EXPECT_EQ(all_weights(std::vector<float>(9)), SparseVector());
}

TEST(TokenWeights, AreTheMeanOfTheLogarithmsOfEachEdge) {
  const std::vector<std::vector<float>> sums = {{0.5f, 0, 2, 0.01f}, {0.25f, 3, 0, 0.02f}};
  for (const auto& [gain, saturation] : {std::pair(1, 4), std::pair(16, 4), std::pair(16, 8)}) {
    const SparseOutput output{.saturation = saturation, .gain = gain};
    const auto logarithm = [&](double sum) { return std::log(1 + gain * saturation * sum); };
    const std::vector<float> one = token_weights({sums.data(), 1}, output);
    const std::vector<float> both = token_weights(sums, output);
    ASSERT_EQ(both.size(), 4u);
    for (size_t i = 0; i < both.size(); ++i) {
      EXPECT_FLOAT_EQ(one[i], static_cast<float>(logarithm(sums[0][i])));
      EXPECT_FLOAT_EQ(both[i],
                      static_cast<float>((logarithm(sums[0][i]) + logarithm(sums[1][i])) / 2));
    }
  }
}

TEST(DenseOfWeights, IsThatOfAPlainLoop) {
  constexpr size_t kVocabulary = 7, kWidth = 3;
  Random random(4);
  SparseHead head;
  head.dense.resize(kVocabulary * kWidth);
  head.page_bias.resize(kWidth);
  head.text_bias.resize(kWidth);
  for (auto* values : {&head.dense, &head.page_bias, &head.text_bias}) {
    for (float& value : *values) value = static_cast<float>(random.normal());
  }
  ASSERT_EQ(head.dense_width(), static_cast<int>(kWidth));
  const SparseVector picture{{0, 2, 6}, {0.5f, 1.5f, 3.0f}}, text{{2, 5}, {0.7f, 1.1f}}, none;
  struct Case {
    const SparseVector &picture, &text;
    bool of_page;
  };
  const Case cases[] = {{picture, none, true},
                        {picture, text, true},
                        {none, text, false},
                        {none, none, true},
                        {none, none, false}};
  for (const Case& c : cases) {
    std::vector<float> weights(kVocabulary);
    for (const SparseVector* part : {&c.picture, &c.text}) {
      for (size_t i = 0; i < part->ids.size(); ++i) weights[part->ids[i]] += part->weights[i];
    }
    std::vector<float> found(kWidth, 99);
    dense_of_weights(c.picture, c.text, c.of_page, head, found);
    for (size_t d = 0; d < kWidth; ++d) {
      double wanted = (c.of_page ? head.page_bias : head.text_bias)[d];
      for (size_t t = 0; t < kVocabulary; ++t) wanted += weights[t] * head.dense[t * kWidth + d];
      EXPECT_NEAR(found[d], wanted, 1e-5) << d;
    }
  }
}

}  // namespace
}  // namespace recto
