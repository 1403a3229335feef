#include "base/replaced_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"

namespace recto {
namespace {
namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// Names in a directory, hidden ones too.
std::vector<std::string> names_in(const fs::path& directory) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(directory)) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

class ReplacedDirectoryTest : public ::testing::Test {
 protected:
  ReplacedDirectoryTest() : target(root.path() / "data") {
    make_directories(target / "table");
    write_file(target / "table/old", "old");
  }
  TemporaryDirectory root;
  fs::path target;
};

TEST_F(ReplacedDirectoryTest, CommitExchangesTheContentAndLeavesNothingElse) {
  ReplacedDirectory change(target);
  write_file(change.path() / "new", "new");
  EXPECT_EQ(final_path(change.path() / "new"), fs::canonical(target) / "new");
  EXPECT_THAT(names_in(target), ElementsAre("table"));
  change.commit();
  EXPECT_THAT(names_in(target), ElementsAre("new"));
  EXPECT_THAT(names_in(root.path()), ElementsAre("data"));
}

TEST_F(ReplacedDirectoryTest, WithoutCommitNothingChanges) {
  {
    ReplacedDirectory change(target);
    write_file(change.path() / "new", "new");
  }
  EXPECT_EQ(read_file(target / "table/old"), "old");
  EXPECT_THAT(names_in(root.path()), ElementsAre("data"));
}

TEST_F(ReplacedDirectoryTest, ALinkStaysALink) {
  fs::create_directory_symlink("data", root.path() / "link");
  ReplacedDirectory change(root.path() / "link/");
  write_file(change.path() / "new", "new");
  change.commit();
  EXPECT_TRUE(fs::is_symlink(root.path() / "link"));
  EXPECT_THAT(names_in(target), ElementsAre("new"));
}

TEST_F(ReplacedDirectoryTest, OnlyADirectoryCanBeReplaced) {
  EXPECT_THROW(ReplacedDirectory(root.path() / "gone"), Error);
  write_file(root.path() / "file", "");
  EXPECT_THROW(ReplacedDirectory(root.path() / "file"), Error);
}

TEST_F(ReplacedDirectoryTest, LeftoversAreThoseOfProcessesThatEnded) {
  const pid_t ended = ::fork();
  if (ended == 0) ::_exit(0);
  ASSERT_EQ(::waitpid(ended, nullptr, 0), ended);
  const std::string old = fmt::format(".data.partial-{}-0", ended);
  for (const std::string& name :
       {old, fmt::format(".data.partial-{}-0", ::getpid()), std::string(".data.partial-x"),
        fmt::format(".other.partial-{}-0", ended)}) {
    make_directories(root.path() / name);
  }
  const auto found = leftovers(target);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].filename(), old);
  EXPECT_THAT(leftovers(root.path() / "nothing"), IsEmpty());
}

}  // namespace
}  // namespace recto
