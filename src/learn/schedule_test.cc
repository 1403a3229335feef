#include "learn/schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "base/log.h"
#include "support/errors.h"

namespace recto {
namespace {

struct Point {
  Schedule schedule;
  double progress, warmup, factor;
};

TEST(Schedule, FactorsAreThoseOfTheFormulas) {
  const Point points[] = {
      {Schedule::kCosine, 0, 0.1, 0},      {Schedule::kCosine, 0.05, 0.1, 0.5},
      {Schedule::kCosine, 0.1, 0.1, 1},    {Schedule::kCosine, 0.55, 0.1, 0.5},
      {Schedule::kCosine, 1, 0.1, 0},      {Schedule::kCosine, 0.25, 0, 0.5 + 0.5 * std::sqrt(0.5)},
      {Schedule::kCosine, 2, 0.1, 0},  // a time limit may be passed by a step
      {Schedule::kLinear, 0.05, 0.1, 0.5}, {Schedule::kLinear, 0.1, 0.1, 1},
      {Schedule::kLinear, 0.55, 0.1, 0.5}, {Schedule::kLinear, 1, 0.1, 0},
      {Schedule::kLinear, 2, 0.1, 0},      {Schedule::kConstant, 0.05, 0.1, 0.5},
      {Schedule::kConstant, 0.1, 0.1, 1},  {Schedule::kConstant, 1, 0.1, 1},
      {Schedule::kLinear, 0.5, 1, 0.5},  // all of it is warm-up
      {Schedule::kLinear, 1, 1, 1},
  };
  for (const Point& point : points) {
    EXPECT_NEAR(schedule_factor(point.progress, point.warmup, point.schedule), point.factor, 1e-12)
        << static_cast<int>(point.schedule) << " at " << point.progress;
  }
}

TEST(Schedule, NamesAreReadAndOthersRefused) {
  EXPECT_EQ(parse_schedule("cosine"), Schedule::kCosine);
  EXPECT_EQ(parse_schedule("linear"), Schedule::kLinear);
  EXPECT_EQ(parse_schedule("constant"), Schedule::kConstant);
  EXPECT_THROW(parse_schedule("step"), Error);
}

TEST(Schedule, StepsAreThoseOfTheEpochsUpToTheMost) {
  EXPECT_EQ(count_steps(1, 8, 0), 8);
  EXPECT_EQ(count_steps(0.01, 8, 0), 1);
  EXPECT_EQ(count_steps(2.5, 3, 0), 8);
  EXPECT_EQ(count_steps(2, 8, 5), 5);
  EXPECT_EQ(count_steps(0.5, 8, 5), 4);
  EXPECT_EQ(count_steps(1e30, 8, 5), 5);
  EXPECT_THAT(test::error_of([] { count_steps(1e30, 8, 0); }, ErrorCode::kUsage),
              testing::HasSubstr("--epochs 1e+30 of 8 steps are more than can be counted"));
}

TEST(Schedule, AWarmUpIsAShareOrSteps) {
  set_log_level(LogLevel::kWarning);
  testing::internal::CaptureStderr();
  EXPECT_EQ(warmup_share(0.1, 50), 0.1);
  EXPECT_EQ(warmup_share(0, 50), 0);
  EXPECT_EQ(warmup_share(5, 50), 0.1);
  EXPECT_EQ(warmup_share(0.99, 50), 0.99);
  EXPECT_EQ(warmup_share(49, 50), 0.98);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  testing::internal::CaptureStderr();
  EXPECT_EQ(warmup_share(50, 50), 1);
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              testing::HasSubstr("the warm-up of 50 steps is as long as the training of 50: the "
                                 "learning rate reaches --lr only in the end"));
  testing::internal::CaptureStderr();
  EXPECT_EQ(warmup_share(100, 50), 2);
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              testing::HasSubstr("the warm-up of 100 steps is longer than the training of 50: the "
                                 "learning rate rises to 0.5 of --lr only"));
}

}  // namespace
}  // namespace recto
