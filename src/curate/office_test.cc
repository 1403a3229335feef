#include "curate/office.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>

#include "base/error.h"
#include "base/file.h"
#include "base/sha256.h"
#include "curate/sources.h"
#include "page/reader.h"
#include "support/support.h"

namespace recto {
namespace {
namespace fs = std::filesystem;
using ::testing::HasSubstr;

/// What `run` throws.
std::string message(const std::function<void()>& run) {
  try {
    run();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

class Office : public ::testing::Test {
 protected:
  fs::path path(const std::string& name) const { return directory_.path() / name; }

  /// A program in place of LibreOffice's.
  fs::path impostor(const std::string& script) const {
    const fs::path program = path("office/program/soffice");
    fs::create_directories(program.parent_path());
    write_file(program, "#!/bin/sh\n" + script + "\n");
    fs::permissions(program, fs::perms::owner_all);
    return program;
  }

  std::string convert(const fs::path& soffice, const fs::path& file, std::string_view ending,
                      const OfficeLimits& limits = {}) const {
    std::string text =
        message([&] { convert_to_pdf(soffice, file, ending, path("out.pdf"), path(""), limits); });
    for (const auto& entry : fs::directory_iterator(directory_.path())) {
      EXPECT_FALSE(entry.path().filename().string().starts_with("office-")) << entry.path();
    }
    return text;
  }

  TemporaryDirectory directory_;
};

TEST_F(Office, AProgramThatDoesNothingOrHangsIsAnError) {
  write_file(path("in.rtf"), "text");
  EXPECT_THAT(convert(impostor("exit 0"), path("in.rtf"), ".rtf"), HasSubstr("could not convert"));
  EXPECT_THAT(convert(impostor("exit 81"), path("in.rtf"), ".rtf"), HasSubstr("could not convert"));
  OfficeLimits limits;
  limits.max_wall_seconds = 1;
  const auto start = std::chrono::steady_clock::now();
  EXPECT_THAT(convert(impostor("sleep 100 & sleep 100"), path("in.rtf"), ".rtf", limits),
              HasSubstr("took more than 1 s"));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
  limits.max_cpu_seconds = 1;
  limits.max_wall_seconds = 60;
  EXPECT_THAT(convert(impostor("while :; do :; done"), path("in.rtf"), ".rtf", limits),
              HasSubstr("took more than 1 s of processor time"));
}

TEST_F(Office, AProgramCanWriteAndReadOnlyWhatItNeeds) {
  write_file(path("in.rtf"), "text");
  write_file(path("secret"), "nobody's business");
  const std::string secret = path("secret").string();
  // Each line that succeeds where it should not ends the script before the result is there.
  const fs::path program = impostor(
      "cat '" + secret +
      "' && exit 1\n"
      "cat /proc/1/environ && exit 1\n"
      "echo x >'" +
      secret +
      "' && exit 1\n"
      "echo x >/tmp/recto-office-probe && exit 1\n"
      "cat input.rtf >/dev/null || exit 1\n"
      "perl -MSocket -e 'socket(S, PF_INET, SOCK_STREAM, 0) and exit 0; exit 3' && exit 1\n"
      "test -z \"$RECTO_OFFICE_SECRET\" || exit 1\n"
      "cp input.rtf out/input.pdf");
  ::setenv("RECTO_OFFICE_SECRET", "key", 1);
  EXPECT_EQ(convert(program, path("in.rtf"), ".rtf"), "no error");
  ::unsetenv("RECTO_OFFICE_SECRET");
  EXPECT_EQ(read_file(path("out.pdf")), "text");
  EXPECT_EQ(read_file(path("secret")), "nobody's business");
}

TEST_F(Office, AResultThatIsALinkIsNoResult) {
  write_file(path("in.rtf"), "text");
  EXPECT_THAT(convert(impostor("ln -s /etc/passwd out/input.pdf"), path("in.rtf"), ".rtf"),
              HasSubstr("could not convert"));
}

/// With the LibreOffice of this machine.
class RealOffice : public Office {
 protected:
  void SetUp() override {
    soffice_ = find_soffice();
    if (soffice_.empty()) GTEST_SKIP() << "LibreOffice (soffice) is not installed";
  }
  fs::path soffice_;
};

constexpr const char* kRichText =
    "{\\rtf1\\ansi The harvest was good.\\par\\page The second page of it.\\par}";

TEST_F(RealOffice, TextBecomesPages) {
  write_file(path("in.rtf"), kRichText);
  ASSERT_EQ(convert(soffice_, path("in.rtf"), ".rtf"), "no error");
  Document document(path("out.pdf"));
  EXPECT_EQ(document.page_count(), 2);
  EXPECT_THAT(document.text(1).text, HasSubstr("The harvest was good."));
}

TEST_F(RealOffice, WhatIsNoOfficeFileIsAnError) {
  write_file(path("in.docx"), std::string("PK\3\4 and then nothing\0\1\2", 24));
  EXPECT_THAT(convert(soffice_, path("in.docx"), ".docx"), HasSubstr("could not convert"));
}

TEST_F(RealOffice, FilesAmongOthersKeepTheirOwnHash) {
  fs::create_directories(path("in"));
  write_file(path("in/a.rtf"), kRichText);
  write_file(path("in/broken.odt"), "PK\3\4 nothing");
  const test::CommandResult zipped = test::run_command(fmt::format(
      "cd '{}' && '{}' -m zipfile -c d.zip a.rtf && mv a.rtf b.rtf && echo '{{}}' >> b.rtf",
      path("in").string(), test::python().string()));
  ASSERT_EQ(zipped.status, 0) << zipped.err;
  Audit audit;
  SourceOptions options;
  options.soffice = soffice_;
  const SourceList list = collect_sources({path("in")}, path("scratch"), options, audit);
  ASSERT_EQ(list.sources.size(), 2u);
  EXPECT_EQ(list.sources[0].name(), "b.rtf");
  EXPECT_EQ(list.sources[1].name(), "d.zip/a.rtf");
  EXPECT_EQ(list.sources[0].sha256, sha256_file(path("in/b.rtf")));
  EXPECT_EQ(Document(list.sources[1].path).page_count(), 2);
  ASSERT_EQ(list.problems.size(), 1u);
  EXPECT_THAT(list.problems.begin()->second.front().what(),
              HasSubstr("in/broken.odt: LibreOffice could not convert it"));
}

}  // namespace
}  // namespace recto
