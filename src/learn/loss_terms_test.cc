#include "learn/loss_terms.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/errors.h"

namespace recto {
namespace {

using testing::HasSubstr;

TEST(LossTermsTest, NamesAndWeightsAreRead) {
  struct Case {
    std::vector<std::string> texts;
    const char* read;
  };
  for (const Case& c : std::vector<Case>{
           {{"infonce"}, "infonce"},
           {{"infonce:1"}, "infonce"},
           {{"infonce:0.5,distill_cosine:2"}, "infonce:0.5,distill_cosine:2"},
           {{"symmetric", "distill_kl:1e-1"}, "symmetric,distill_kl:0.1"},
           {{"binegative, distill_margin_mse"}, "binegative,distill_margin_mse"},
       }) {
    EXPECT_EQ(losses_text(parse_losses(c.texts)), c.read);
    EXPECT_EQ(losses_text(parse_losses({c.read})), c.read);
  }
}

TEST(LossTermsTest, WhatCannotBeMeantIsSaid) {
  struct Case {
    std::vector<std::string> texts;
    const char* message;
  };
  for (const Case& c : std::vector<Case>{
           {{"hinge"}, "\"hinge\" is no loss; infonce, symmetric, binegative, distill_cosine"},
           {{"infonc"}, "did you mean \"infonce\"?"},
           {{"infonce:1,distill-kl:2"}, "did you mean \"distill_kl\"?"},
           {{"infonce:0"}, "\"infonce:0\" has the weight \"0\""},
           {{"infonce:-1"}, "a number above 0 is wanted"},
           {{"infonce:half"}, "has the weight \"half\""},
           {{"infonce:"}, "has the weight \"\""},
           {{"infonce:1:2"}, "has the weight \"1:2\""},
           {{"infonce:inf"}, "has the weight \"inf\""},
           {{"infonce:nan"}, "has the weight \"nan\""},
           {{"infonce:1x"}, "has the weight \"1x\""},
           {{"infonce", "infonce:2"}, "names infonce twice"},
           {{"infonce,"}, "\"\" is no loss"},
           {{}, "--loss is empty"},
       }) {
    EXPECT_THAT(test::error_of([&] { parse_losses(c.texts); }, ErrorCode::kUsage),
                HasSubstr(c.message));
  }
}

}  // namespace
}  // namespace recto
