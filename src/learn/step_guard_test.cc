#include "learn/step_guard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/log.h"
#include "learn/train_test_support.h"

namespace recto {
namespace {

using testing::HasSubstr;

class StepGuardTest : public testing::Test {
 protected:
  void SetUp() override { set_log_level(LogLevel::kWarning); }
  StepGuard guard_{0.25};
};

TEST_F(StepGuardTest, ASkippedStepIsSaidWithItsBatch) {
  testing::internal::CaptureStderr();
  const StepWarning warning =
      guard_.skip(7, "gradient", std::nan(""), {{"q1", "q2"}, {"a", "b", "c", "d"}});
  EXPECT_THAT(
      testing::internal::GetCapturedStderr(),
      HasSubstr("step 7: the gradient is nan; the step is skipped (queries q1, q2; pages a, b, c "
                "and 1 more)"));
  EXPECT_EQ(warning.kind, "skipped");
  EXPECT_EQ(warning.details["queries"], Json::array({"q1", "q2"}));
  EXPECT_EQ(warning.details["pages"].size(), 4u);
  EXPECT_EQ(warning.details["value"], "nan");
}

TEST_F(StepGuardTest, FiveInARowEndTheRunAlsoAcrossACheckpoint) {
  for (int i = 0; i < 4; ++i) guard_.skip(i + 1, "loss", INFINITY, {{"q"}, {"p"}});
  guard_.check();
  guard_.accept();
  for (int i = 0; i < 4; ++i) guard_.skip(i + 6, "loss", INFINITY, {{"q"}, {"p"}});
  StepGuard resumed(0.25);
  resumed.restore(guard_.state(), "a checkpoint");
  resumed.check();
  resumed.skip(10, "loss", INFINITY, {{"q"}, {"p"}});
  EXPECT_EQ(resumed.skipped(), 9);
  const Error error = test::error_of([&] { resumed.check(); });
  EXPECT_EQ(error.code(), ErrorCode::kInternal);
  EXPECT_THAT(error.what(), HasSubstr("in 5 steps in a row"));
  EXPECT_THAT(error.what(), HasSubstr("lower --lr (it is 0.25)"));
}

TEST_F(StepGuardTest, ALossWithNothingToCompareIsSaidOnceAlsoAcrossACheckpoint) {
  EXPECT_FALSE(guard_.idle(1, {}, 4, 4, 0));
  testing::internal::CaptureStderr();
  const auto first = guard_.idle(2, {"infonce"}, 4, 5, 16);
  EXPECT_THAT(
      testing::internal::GetCapturedStderr(),
      HasSubstr("step 2: infonce has nothing to compare among 4 queries and 5 documents (16 "
                "of their pairs are masked)"));
  ASSERT_TRUE(first);
  EXPECT_EQ(first->kind, "nothing_to_compare");
  EXPECT_EQ(first->details, (Json{{"losses", {"infonce"}}}));
  StepGuard resumed(0.25);
  resumed.restore(guard_.state(), "a checkpoint");
  EXPECT_FALSE(resumed.idle(3, {"infonce"}, 4, 5, 16));
  const auto other = resumed.idle(4, {"infonce", "binegative"}, 4, 5, 16);
  ASSERT_TRUE(other);
  EXPECT_EQ(other->details, (Json{{"losses", {"binegative"}}}));
}

TEST_F(StepGuardTest, ATrainingWithoutAnyStepIsSaid) {
  guard_.skip(1, "loss", INFINITY, {{"q"}, {"p"}});
  testing::internal::CaptureStderr();
  guard_.conclude(2);
  guard_.conclude(0);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  testing::internal::CaptureStderr();
  guard_.conclude(1);
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("all 1 steps were skipped"));
}

struct Look {
  int64_t step;
  double cosine;
  size_t pages;
  bool warns;
};

TEST_F(StepGuardTest, ACollapseIsSaidOnceInAHundredSteps) {
  const Look looks[] = {{1, 0.95, 8, false},          {2, 0.951, 8, true},  {3, 0.99, 8, false},
                        {101, 1, 8, false},           {102, 1, 1, false},   {103, 1, 2, true},
                        {202, 0.99, 8, false},        {203, 0.5, 8, false}, {204, 0.99, 8, true},
                        {400, std::nan(""), 8, false}};
  for (const bool resumed : {false, true}) {
    StepGuard guard(0.25);
    for (const Look& look : looks) {
      const auto warning = guard.look(look.step, look.cosine, look.pages);
      EXPECT_EQ(warning.has_value(), look.warns) << look.step;
      if (!resumed) continue;
      StepGuard again(0.25);
      again.restore(guard.state(), "a checkpoint");
      guard = again;
    }
  }
}

}  // namespace
}  // namespace recto
