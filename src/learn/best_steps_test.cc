#include "learn/best_steps.h"

#include <gtest/gtest.h>

namespace recto {
namespace {

struct Course {
  const char* name;
  int keep, patience;
  std::vector<double> values;  ///< of steps 10, 20, 30 ...
  std::vector<int64_t> best;   ///< steps, best first
  int64_t exhausted_at;        ///< 0: never
};

class BestStepsTest : public testing::TestWithParam<Course> {};

TEST_P(BestStepsTest, FollowsTheCourseAlsoWhenItIsTakenUpAgain) {
  const Course& course = GetParam();
  for (const bool broken : {false, true}) {
    BestSteps steps(course.keep, course.patience);
    int64_t exhausted_at = 0;
    for (size_t i = 0; i < course.values.size(); ++i) {
      const int64_t step = static_cast<int64_t>(i + 1) * 10;
      steps.add(step, course.values[i]);
      if (exhausted_at == 0 && steps.exhausted()) exhausted_at = step;
      if (!broken) continue;
      BestSteps again(course.keep, course.patience);
      again.restore(steps.to_json(), "a checkpoint");
      steps = again;
    }
    std::vector<int64_t> best;
    for (const BestSteps::Step& step : steps.best()) best.push_back(step.step);
    EXPECT_EQ(best, course.best);
    EXPECT_EQ(exhausted_at, course.exhausted_at);
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, BestStepsTest,
    testing::Values(Course{"rising", 2, 0, {0.1, 0.2, 0.3}, {30, 20}, 0},
                    Course{"falling", 2, 2, {0.3, 0.2, 0.1}, {10, 20}, 30},
                    Course{"equal_ones_earlier_first", 2, 3, {0.2, 0.2, 0.2, 0.2}, {10, 20}, 40},
                    Course{"a_gain_begins_anew", 1, 2, {0.1, 0.05, 0.2, 0.1, 0.2}, {30}, 50},
                    Course{"nothing_kept_but_stopped", 0, 1, {0.5, 0.5}, {}, 20},
                    Course{"no_patience", 1, 0, {0.5, 0.4, 0.3}, {10}, 0},
                    Course{"zero_is_a_value", 3, 1, {0, 0}, {10, 20}, 20}),
    [](const auto& info) { return info.param.name; });

TEST(BestSteps, SayWhetherAStepIsKept) {
  BestSteps steps(2, 0);
  EXPECT_TRUE(steps.add(1, 0.1));
  EXPECT_TRUE(steps.add(2, 0.3));
  EXPECT_FALSE(steps.add(3, 0.1));
  EXPECT_TRUE(steps.add(4, 0.2));
}

}  // namespace
}  // namespace recto
