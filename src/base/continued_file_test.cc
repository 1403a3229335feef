#include "base/continued_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/file.h"
#include "support/errors.h"

namespace recto {
namespace {

struct Case {
  const char* name;
  const char* before;  ///< nullptr: no file
  const char* after;
  bool same_file;  ///< who has it open reads on
};

class ContinuedFileTest : public testing::TestWithParam<Case> {};

TEST_P(ContinuedFileTest, GoesOnAfterItsContent) {
  const TemporaryDirectory directory;
  const std::filesystem::path path = directory.path() / "log";
  if (GetParam().before != nullptr) write_file(path, GetParam().before);
  std::ifstream open_before(path);
  {
    ContinuedFile file(path, "one\n");
    EXPECT_EQ(read_file(path), "one\n");
    file.append("two\n");
    EXPECT_EQ(read_file(path), GetParam().after);
  }
  if (GetParam().before == nullptr) return;
  const std::string seen{std::istreambuf_iterator<char>(open_before), {}};
  EXPECT_EQ(seen == GetParam().after, GetParam().same_file) << seen;
}

INSTANTIATE_TEST_SUITE_P(Files, ContinuedFileTest,
                         testing::Values(Case{"absent", nullptr, "one\ntwo\n", false},
                                         Case{"longer", "one\nthree\nfo", "one\ntwo\n", true},
                                         Case{"equal", "one\n", "one\ntwo\n", true},
                                         Case{"shorter", "on", "one\ntwo\n", false},
                                         Case{"other", "six\nseven\n", "one\ntwo\n", false}),
                         [](const auto& info) { return info.param.name; });

TEST(ContinuedFile, ADirectoryThatIsNotThereIsNamed) {
  const auto opening = [] { ContinuedFile("/nonexistent/log", ""); };
  EXPECT_THAT(test::error_of(opening, ErrorCode::kNotFound),
              testing::HasSubstr("/nonexistent/log"));
}

}  // namespace
}  // namespace recto
