// The generated table against the tokenizers library of the virtual environment.

#include <gtest/gtest.h>

#include "support/support.h"

namespace recto {
namespace {

TEST(UnicodeClassOracle, EveryCodePointAsTheTokenizersLibraryHasIt) {
  const std::string python = test::python().string();
  if (test::run_command(python + " -c 'import tokenizers'").status != 0) {
    GTEST_SKIP() << "no tokenizers library in " << python;
  }
  const test::CommandResult result = test::run_command(
      python + " " + (test::source_directory() / "scripts/make_unicode_table").string() +
      " --check");
  EXPECT_EQ(result.status, 0) << result.err;
}

}  // namespace
}  // namespace recto
