#include "learn/schedule.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"

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

}  // namespace
}  // namespace recto
