#include "base/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace recto {
namespace {

std::string shown(uint64_t done) {
  testing::internal::CaptureStderr();
  {
    Progress progress("work", 4);
    if (done > 0) progress.advance(done);
  }
  return testing::internal::GetCapturedStderr();
}

TEST(Progress, TellsTheFinalState) { EXPECT_THAT(shown(3), testing::StartsWith("work 3/4 75%")); }

TEST(Progress, SaysNothingOfWorkThatNeverBegan) { EXPECT_EQ(shown(0), ""); }

TEST(Progress, APausedBarStillTellsTheFinalState) {
  testing::internal::CaptureStderr();
  {
    Progress progress("work", 4);
    progress.pause();
    progress.advance(2);
  }
  EXPECT_THAT(testing::internal::GetCapturedStderr(), testing::StartsWith("work 2/4 50%"));
}

struct LineCase {
  const char* name;
  ProgressView view;
  int columns;
  const char* line;
};

class ProgressLineTest : public testing::TestWithParam<LineCase> {};

TEST_P(ProgressLineTest, Says) {
  EXPECT_EQ(progress_line(GetParam().view, GetParam().columns), GetParam().line);
}

INSTANTIATE_TEST_SUITE_P(
    Lines, ProgressLineTest,
    testing::Values(
        LineCase{"log",
                 {"train", "pairs", "loss 0.5", 50, 200, 100},
                 0,
                 "train 50/200 25% 0.5 pairs/s left 5m00s loss 0.5"},
        LineCase{"terminal",
                 {"train", "pairs", "loss 0.5", 50, 200, 100},
                 100,
                 "train [######                  ] 50/200 25% 0.5 pairs/s left 5m00s loss 0.5"},
        LineCase{"narrow",
                 {"train", "pairs", "loss 0.5", 50, 200, 100},
                 65,
                 "train [###          ] 50/200 25% 0.5 pairs/s left 5m00s loss 0.5"},
        LineCase{"no_room_for_a_bar",
                 {"train", "pairs", "loss 0.5", 50, 200, 100},
                 50,
                 "train 50/200 25% 0.5 pairs/s left 5m00s loss 0.5"},
        LineCase{"no_room_for_all",
                 {"train", "pairs", "loss 0.5", 50, 200, 100},
                 21,
                 "train 50/200 25% 0.5"},
        LineCase{"characters_stay_whole", {"\u00e4\u00f6\u00fc", "", "", 1, 1, 1}, 4, "\u00e4"},
        LineCase{"unknown_total", {"train", "", "", 50, 0, 10}, 100, "train 50 5.0/s"},
        LineCase{"finished", {"images", "", "", 9, 9, 3, true}, 0, "images 9/9 100% 3.0/s in 3s"},
        LineCase{"hours", {"train", "", "", 1, 3601, 3}, 0, "train 1/3601 0% 0.3/s left 3h00m"}),
    [](const auto& info) { return info.param.name; });

TEST(ProgressInterval, GrowsWithTheTime) {
  EXPECT_EQ(progress_interval(0), 5);
  EXPECT_EQ(progress_interval(1000), 20);
  EXPECT_EQ(progress_interval(1e6), 300);
}

}  // namespace
}  // namespace recto
