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

}  // namespace
}  // namespace recto
