#include "model/embedder.h"

#include <gtest/gtest.h>

#include "base/error.h"

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

}  // namespace
}  // namespace recto
