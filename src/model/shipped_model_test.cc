#include "model/shipped_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace recto {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(ShippedModel, OneThatIsMissingIsAnErrorThatSaysWhereItWasLookedFor) {
  EXPECT_TRUE(find_shipped_model("no-such-model").empty());
  try {
    shipped_model("no-such-model");
    FAIL() << "an error is wanted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kNotFound);
    EXPECT_THAT(error.what(), AllOf(HasSubstr("share/recto/models/no-such-model"),
                                    HasSubstr("/models/no-such-model; "), HasSubstr("--model")));
  }
}

TEST(ShippedModel, AFolderWithoutAConfigurationIsNone) {
  // models/tokenizer of the sources holds no model.
  EXPECT_TRUE(find_shipped_model("tokenizer").empty());
}

TEST(ShippedModel, IsKnownByItsDirectory) {
  EXPECT_EQ(shipped_model_name("/"), "");
  EXPECT_EQ(shipped_model_name("/no/such/directory"), "");
  const auto retriever = find_shipped_model(kNanoRetriever);
  ASSERT_FALSE(retriever.empty()) << "the sources have no models/nano-retriever";
  EXPECT_EQ(shipped_model_name(retriever), kNanoRetriever);
  EXPECT_EQ(shipped_model_name(retriever / ".." / kNanoRetriever / ""), kNanoRetriever);
}

}  // namespace
}  // namespace recto
