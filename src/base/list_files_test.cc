#include "base/list_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/file.h"
#include "support/errors.h"

namespace recto {
namespace {
namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

bool is_pdf(const fs::path& path) { return path.extension() == ".pdf"; }

/// A folder with files, folders and links of many kinds.
class ListFilesTest : public ::testing::Test {
 protected:
  ListFilesTest() : root(scratch.path() / "root") {
    for (const char* name : {"b.pdf", "a/z.pdf", "a/c/deep.pdf", "a.pdf", "a/notes.txt",
                             ".hidden.pdf", ".git/object.pdf", "folder.pdf/inside.pdf"}) {
      make_directories((root / name).parent_path());
      write_file(root / name, name);
    }
    write_file(scratch.path() / "outside", "target");
    make_directories(scratch.path() / "elsewhere");
    write_file(scratch.path() / "elsewhere/other.pdf", "not below the root");
    fs::create_symlink(scratch.path() / "outside", root / "link.pdf");
    fs::create_symlink(scratch.path() / "gone", root / "broken.pdf");
    fs::create_directory_symlink(scratch.path() / "elsewhere", root / "linked");
    fs::create_directory_symlink(scratch.path() / "elsewhere", root / "linked.pdf");
  }

  /// Relative to the root.
  std::vector<std::string> listed(const FileFilter& filter) const {
    std::vector<std::string> names;
    for (const fs::path& file : list_files_below(root, filter)) {
      names.push_back(file.lexically_relative(root).string());
    }
    return names;
  }

  TemporaryDirectory scratch;
  fs::path root;
};

TEST_F(ListFilesTest, WantedFilesSortedByPath) {
  EXPECT_THAT(listed({.wanted = is_pdf}),
              ElementsAre(".git/object.pdf", ".hidden.pdf", "a/c/deep.pdf", "a/z.pdf", "a.pdf",
                          "b.pdf", "folder.pdf/inside.pdf", "link.pdf"));
}

TEST_F(ListFilesTest, HiddenOnesAndBrokenLinksAsAskedFor) {
  EXPECT_THAT(listed({.wanted = is_pdf, .hidden = false, .broken_links = true}),
              ElementsAre("a/c/deep.pdf", "a/z.pdf", "a.pdf", "b.pdf", "broken.pdf",
                          "folder.pdf/inside.pdf", "link.pdf"));
  EXPECT_THAT(listed({.wanted = [](const fs::path&) { return false; }}), IsEmpty());
}

TEST_F(ListFilesTest, AFolderThatIsNotThereIsNamed) {
  const auto listing = [&] { list_files_below(root / "none", {.wanted = is_pdf}); };
  EXPECT_THAT(test::error_of(listing, ErrorCode::kNotFound), HasSubstr((root / "none").string()));
}

TEST_F(ListFilesTest, FoldersAndFilesAreToldApart) {
  EXPECT_TRUE(is_folder(root));
  EXPECT_TRUE(is_folder(root / "linked.pdf"));
  EXPECT_FALSE(is_folder(root / "link.pdf"));
  for (const char* name : {"none", "broken.pdf"}) {
    EXPECT_THAT(test::error_of([&] { is_folder(root / name); }, ErrorCode::kNotFound),
                HasSubstr("no such file or directory"))
        << name;
  }
}

TEST(HasEnding, InLettersOfAnyCase) {
  for (const char* name : {"a.pdf", "b/A.PDF", "c.tar.Pdf"})
    EXPECT_TRUE(has_ending(name, {".png", ".pdf"})) << name;
  for (const char* name : {"pdf", ".pdf", "a.pdfx", "a.pdf/b", ""})
    EXPECT_FALSE(has_ending(name, {".pdf"})) << name;
}

}  // namespace
}  // namespace recto
