#include "curate/unpack.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>

#include "base/file.h"
#include "base/sha256.h"
#include "page/sanitizer.h"
#include "page/test_pdf.h"
#include "support/support.h"

namespace recto {
namespace {
namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

/// The archives of archive_samples.py, made once.
class Unpack : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    samples_ = new TemporaryDirectory;
    write_file(samples_->path() / "page.pdf", test::simple_pdf({"A page"}));
    const fs::path script = test::source_directory() / "src/curate/archive_samples.py";
    const test::CommandResult made = test::run_command(
        fmt::format("'{}' '{}' '{}' '{}'", test::python().string(), script.string(),
                    (samples() / "page.pdf").string(), samples().string()));
    ASSERT_EQ(made.status, 0) << made.err;
  }
  static void TearDownTestSuite() { delete samples_; }

  static const fs::path& samples() { return samples_->path(); }
  fs::path scratch() const { return scratch_.path(); }

  /// Names of the members to the reasons they were refused for, "" for those that are there.
  std::map<std::string, std::string> outcome(const std::string& archive) {
    unpacked_ = unpack({(samples() / archive).string(), samples().string().size() + 1},
                       kind_of_name(archive), scratch(), settings_, refuse_);
    std::map<std::string, std::string> reasons;
    for (const FoundFile& file : unpacked_.files) {
      const std::string name = file.place.location.substr(samples().string().size() + 1);
      EXPECT_TRUE(reasons.emplace(name, file.refused).second) << name;
      if (file.refused.empty()) {
        EXPECT_EQ(sha256_file(file.path), file.sha256);
        EXPECT_EQ(file.path, scratch() / (file.sha256 + ".pdf"));
        EXPECT_FALSE(file.problem);
      } else if (file.problem) {
        EXPECT_THAT(file.problem->what(), HasSubstr(file.refused));
      }
    }
    return reasons;
  }

  /// The reasons alone.
  std::vector<std::string> reasons(const std::string& archive) {
    std::vector<std::string> all;
    for (auto& [name, reason] : outcome(archive)) all.push_back(reason);
    return all;
  }

  std::vector<std::string> files_in_scratch() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(scratch())) {
      names.push_back(entry.path().filename().string());
    }
    return names;
  }

  UnpackSettings settings_;
  std::function<std::string(const FoundFile&)> refuse_ = [](const FoundFile&) {
    return std::string();
  };
  Unpacked unpacked_;

 private:
  static TemporaryDirectory* samples_;
  TemporaryDirectory scratch_;
};
TemporaryDirectory* Unpack::samples_ = nullptr;

TEST_F(Unpack, MembersWithTheEndingOfAPage) {
  EXPECT_THAT(outcome("good.zip"),
              ElementsAre(Pair("good.zip/__MACOSX/._a one.pdf",
                               "a file that a system keeps beside a document"),
                          Pair("good.zip/a one.pdf", ""), Pair("good.zip/b/two.pdf", ""),
                          Pair("good.zip/Übersicht/größe.PDF", "")));
  EXPECT_EQ(unpacked_.entries, 5);
  EXPECT_EQ(files_in_scratch().size(), 3u);
  const SourcePlace& place = unpacked_.files.back().place;
  EXPECT_EQ(place.name(), "good.zip/Übersicht/größe.PDF");
  EXPECT_THAT(outcome("names.tar"), ElementsAre(Pair(
                                        "names.tar/folder/" +
                                            [] {
                                              std::string name;
                                              for (int i = 0; i < 40; ++i) name += "long";
                                              return name;
                                            }() +
                                            "/ünïcode.pdf",
                                        "")));
}

TEST_F(Unpack, EveryFormAndCompression) {
  const std::string hash = sha256_file(samples() / "page.pdf");
  for (const char* archive : {"stored.zip", "good.tar", "good.tar.gz", "good.tar.bz2", "good.txz",
                              "manual.de.pdf.gz", "manual.de.pdf.bz2", "manual.de.pdf.xz"}) {
    EXPECT_THAT(reasons(archive), ElementsAre("")) << archive;
    ASSERT_EQ(unpacked_.files.size(), 1u) << archive;
    EXPECT_EQ(unpacked_.files[0].sha256, hash) << archive;
  }
  EXPECT_EQ(unpacked_.files[0].place.name(), "manual.de.pdf");
  for (const char* archive : {"empty.zip", "empty.tar"}) {
    EXPECT_THAT(reasons(archive), IsEmpty()) << archive;
  }
}

TEST_F(Unpack, ArchivesInArchivesOnce) {
  EXPECT_THAT(outcome("nested.zip"), ElementsAre(Pair("nested.zip/doc/m.pdf.gz", ""),
                                                 Pair("nested.zip/inner copy.tgz/deep.pdf", ""),
                                                 Pair("nested.zip/inner.tar.gz/deep.pdf", "")));
  EXPECT_EQ(unpacked_.files[0].place.name(), "nested.zip/doc/m.pdf");
  EXPECT_EQ(unpacked_.files[1].place.name(), "nested.zip/inner copy.tgz/deep.pdf");
  EXPECT_EQ(files_in_scratch().size(), 2u);
  EXPECT_THAT(outcome("deep.zip"),
              ElementsAre(Pair("deep.zip/x.zip/x.zip",
                               "an archive in an archive in an archive is not opened; unpack it "
                               "first")));
}

struct Refusal {
  const char* archive;
  const char* member;
  const char* reason;
};

TEST_F(Unpack, HostileMembersAreRefusedWithReasons) {
  constexpr const char* kLeadsOut = "its name leads out of the archive (..)";
  constexpr const char* kAbsolute = "its name is an absolute path";
  constexpr const char* kLink = "a link, which is not followed";
  const std::vector<Refusal> cases = {
      {"parent.zip", "../evil.pdf", kLeadsOut},
      {"middle.zip", "a/../../evil.pdf", kLeadsOut},
      {"backslash.zip", "../../evil.pdf", kLeadsOut},
      {"drive.zip", "C:/evil.pdf", kAbsolute},
      {"not a page.zip", "../../etc/cron.d/evil", kLeadsOut},
      {"parent.tar", "../evil.pdf", kLeadsOut},
      {"absolute.tar", "tmp/evil.pdf", kAbsolute},
      {"not utf-8.tar", "caf\xEF\xBF\xBD.pdf", "its name is not UTF-8"},
      {"not utf-8.zip", "caf\xEF\xBF\xBD.pdf", "its name is not UTF-8"},
      {"line.zip", "a b.pdf", "its name has control characters"},
      {"escape.zip", "a [2J.pdf", "its name has control characters"},
      {"twice.zip", "a.pdf", "the archive has this name twice; the first one counts"},
      {"symlink.tar", "link.pdf", kLink},
      {"symlink.tar", "latest", kLink},
      {"symlink.zip", "link.pdf", kLink},
      {"hard link.tar", "link.pdf", kLink},
      {"device.tar", "zero.pdf", "a device or a pipe"},
      {"pipe.tar", "pipe.pdf", "a device or a pipe"},
      {"encrypted.zip", "secret.pdf", "it is encrypted; unpack the archive with its password"},
  };
  for (const Refusal& wanted : cases) {
    SCOPED_TRACE(wanted.archive);
    unpacked_ = unpack({(samples() / wanted.archive).string()}, kind_of_name(wanted.archive),
                       scratch(), settings_, refuse_);
    std::vector<std::string> found;
    for (const FoundFile& file : unpacked_.files) {
      if (!file.refused.empty()) {
        found.push_back(fmt::format("{}: {}", file.place.name(), file.refused));
      }
    }
    EXPECT_THAT(found, ::testing::Contains(
                           fmt::format("{}/{}: {}", wanted.archive, wanted.member, wanted.reason)));
    EXPECT_FALSE(fs::exists("/tmp/evil.pdf"));
  }
  EXPECT_THAT(reasons("nul.zip"), ElementsAre(HasSubstr("NUL")));
  EXPECT_THAT(reasons("long.zip"), ElementsAre("its name has more than 1000 bytes"));
  // What is good in a bad archive stays.
  EXPECT_EQ(outcome("parent.zip")["parent.zip/fine.pdf"], "");
  EXPECT_EQ(files_in_scratch().size(), 1u);
}

TEST_F(Unpack, BombsEndAtTheirLimit) {
  settings_.free_bytes = 8 << 20;
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"bomb.zip", "it unpacks to more than"},
      {"many small.zip", "it unpacks to more than"},
      {"bomb.tar.gz", "it unpacks to more than"},
      {"bomb.pdf.gz", "it unpacks to more than"},
      {"bomb.pdf.xz", "it unpacks to more than"},
      {"bomb.pdf.bz2", "it unpacks to more than"},
      {"sparse.tar", "it has more than the 1073741824 bytes that are accepted"},
      {"claims much.tar.gz", "it unpacks to more than"},
  };
  for (const auto& [archive, reason] : cases) {
    SCOPED_TRACE(archive);
    const auto start = std::chrono::steady_clock::now();
    const auto found = reasons(archive);
    EXPECT_THAT(found, ::testing::Contains(HasSubstr(reason)));
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(60));
    uintmax_t bytes = 0;
    for (const auto& entry : fs::directory_iterator(scratch())) bytes += entry.file_size();
    EXPECT_LE(bytes, settings_.max_ratio * (200 << 10));
  }
  // What came before stays; the entry that went too far and the archive are both named.
  const auto bomb = outcome("bomb.zip");
  EXPECT_EQ(bomb.at("bomb.zip/a.pdf"), "");
  EXPECT_THAT(bomb.at("bomb.zip/bomb.pdf"), HasSubstr("it unpacks to more than"));
  EXPECT_THAT(bomb.at("bomb.zip"), HasSubstr("it unpacks to more than"));
  EXPECT_EQ(bomb.count("bomb.zip/z.pdf"), 0u);
  // Many names for the same bytes are one member.
  EXPECT_THAT(reasons("overlap.zip"), ElementsAre(""));
}

TEST_F(Unpack, SizesAndCountsAreLimited) {
  settings_.max_file_bytes = 2000;
  const auto sizes = outcome("bomb.zip");
  EXPECT_THAT(sizes.at("bomb.zip/bomb.pdf"), HasSubstr("more than the 2000 bytes"));
  EXPECT_EQ(sizes.at("bomb.zip/z.pdf"), "");
  EXPECT_THAT(reasons("bomb.pdf.gz"), ElementsAre(HasSubstr("more than the 2000 bytes")));
  settings_.max_entries = 4000;
  EXPECT_THAT(reasons("entries.tar.gz"), ElementsAre("it has too many entries"));
  settings_.max_bad_entries = 10;
  EXPECT_THAT(reasons("many small.zip"),
              ::testing::Contains(HasSubstr("it has more than 10 bad entries")));
  EXPECT_EQ(unpacked_.files.size(), 12u);
  settings_ = {};
  EXPECT_THAT(reasons("dictionary.pdf.xz"), ElementsAre(""));
  settings_.max_memory_bytes = 64 << 20;
  if (!kSanitized) {
    EXPECT_THAT(reasons("dictionary.pdf.xz"), ElementsAre(HasSubstr("64 MiB of memory")));
  }
}

TEST_F(Unpack, DamagedArchivesKeepWhatCameBefore) {
  for (const char* archive : {"cut.tar", "cut.tar.gz", "cut.zip"}) {
    SCOPED_TRACE(archive);
    auto found = outcome(archive);
    ASSERT_EQ(found.size(), 3u) << ::testing::PrintToString(found);
    EXPECT_EQ(found.at(std::string(archive) + "/first.pdf"), "");
    EXPECT_THAT(found.at(std::string(archive) + "/second.pdf"), HasSubstr("it is damaged"));
    EXPECT_THAT(found.at(archive), HasSubstr("it is damaged"));
  }
  EXPECT_THAT(outcome("sum.zip"),
              ElementsAre(Pair("sum.zip/a.pdf", ""), Pair("sum.zip/b.pdf", HasSubstr("CRC"))));
  EXPECT_THAT(outcome("cut.pdf.gz"), ElementsAre(Pair("cut.pdf.gz", HasSubstr("truncated"))));
}

TEST_F(Unpack, WhatIsNoArchive) {
  for (const char* archive : {"text.zip", "text.tar.gz", "is a pdf.zip", "random.tar"}) {
    EXPECT_THAT(outcome(archive), ElementsAre(Pair(archive, HasSubstr("neither zip nor tar"))));
  }
  EXPECT_THAT(outcome("plain.pdf.gz"),
              ElementsAre(Pair("plain.pdf.gz", HasSubstr("not compressed"))));
  EXPECT_THAT(reasons("nothing.zip"), ElementsAre(HasSubstr("the file is empty")));
}

TEST_F(Unpack, WhatIsNotWantedIsNotWritten) {
  refuse_ = [](const FoundFile& file) {
    return file.place.name() == "good.zip/b/two.pdf" ? std::string() : std::string("not wanted");
  };
  const auto found = outcome("good.zip");
  EXPECT_EQ(found.at("good.zip/a one.pdf"), "not wanted");
  EXPECT_EQ(found.at("good.zip/b/two.pdf"), "");
  EXPECT_EQ(files_in_scratch().size(), 1u);
}

TEST_F(Unpack, AWorkerTakenOverGainsNothing) {
  const fs::path program = scratch() / "worker";
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"exit 7", "ended with 7"},
      {"kill -SEGV $$", "Segmentation fault"},
      {"printf 'HTTP/1.1 200 OK'", "malformed"},
      {"printf '\\001\\0\\0\\0\\377\\377\\377\\377'", "malformed"},
      {"printf '\\002\\0\\0\\0\\001\\0\\0\\0x'", "data of no entry"},
  };
  for (const auto& [script, reason] : cases) {
    write_file(program, fmt::format("#!/bin/sh\n{}\n", script));
    fs::permissions(program, fs::perms::owner_all);
    ::setenv("RECTO_SOURCE_WORKER", program.c_str(), 1);
    EXPECT_THAT(reasons("good.zip"), ElementsAre(HasSubstr(reason))) << script;
    ::unsetenv("RECTO_SOURCE_WORKER");
  }
}

}  // namespace
}  // namespace recto
