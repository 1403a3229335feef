// A stopped run goes on, and shards join, to the bytes of a run in one piece.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <map>
#include <random>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/json.h"
#include "base/sha256.h"
#include "curate/curate.h"
#include "curate/finished.h"
#include "curate/shard.h"
#include "curate/test_book.h"
#include "data/dataset.h"
#include "support/errors.h"
#include "support/support.h"

namespace recto {
namespace {
namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using ::testing::HasSubstr;

std::map<std::string, std::string> files_of(const fs::path& directory) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    if (!entry.is_regular_file()) continue;
    files[fs::relative(entry.path(), directory).string()] = sha256_file(entry.path());
  }
  return files;
}

class Resume : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(in());
    for (int i = 0; i < 12; ++i) {
      std::vector<std::string> texts;
      std::vector<test::BookEntry> outline;
      for (int page = 1; page <= 4; ++page) {
        texts.push_back(fmt::format("Maintenance interval {} of machine {}", page, i));
        outline.push_back({texts.back(), page});
      }
      write_file(in() / fmt::format("machine{}.pdf", i), test::book(texts, outline));
    }
    write_file(in() / "broken.pdf", "%PDF-1.4 and then nothing");
    fs::copy_file(in() / "machine3.pdf", in() / "copy.pdf");
    options_.longest_edge = 400;
    options_.keep_going = true;
    options_.threads = 2;
  }

  fs::path in() const { return directory_.path() / "in"; }
  fs::path out(const std::string& name) const { return directory_.path() / name; }

  /// Runs in a child; after `delay` the child gets `signal` (0: none). The exit status, or minus
  /// the signal that ended it.
  int run_child(const fs::path& output, int signal, Clock::duration delay) const {
    const pid_t child = ::fork();
    if (child == 0) {
      install_interrupt_handler();
      try {
        curate({in()}, output, options_);
      } catch (const Error& error) {
        ::_exit(exit_status(error.code()));
      }
      ::_exit(0);
    }
    if (signal != 0) {
      std::this_thread::sleep_for(delay);
      ::kill(child, signal);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
  }

  TemporaryDirectory directory_;
  CurateOptions options_;
};

TEST_F(Resume, KilledAtAnyMomentTheSameCallGoesOnToTheSameBytes) {
  const auto start = Clock::now();
  ASSERT_EQ(run_child(out("whole"), 0, {}), 0);
  const auto whole_time = Clock::now() - start;
  const auto whole = files_of(out("whole"));
  std::mt19937 random(1);
  int killed = 0;
  for (int i = 0; i < 10; ++i) {
    const fs::path output = out(fmt::format("killed{}", i));
    const double share = std::uniform_real_distribution<double>(0, 1)(random);
    const auto delay = std::chrono::duration_cast<Clock::duration>(whole_time * share);
    const int status = run_child(output, SIGKILL, delay);
    if (status == -SIGKILL) ++killed;
    ASSERT_EQ(run_child(output, 0, {}), 0) << "killed after " << share;
    EXPECT_EQ(files_of(output), whole) << "killed after " << share;
    EXPECT_FALSE(fs::exists(output.string() + ".partial"));
  }
  EXPECT_GT(killed, 0);
}

TEST_F(Resume, InterruptedItKeepsWhatIsDone) {
  ASSERT_EQ(run_child(out("whole"), 0, {}), 0);
  for (int i = 0; i < 5; ++i) {
    const fs::path output = out(fmt::format("stopped{}", i));
    const int status = run_child(output, SIGINT, std::chrono::milliseconds(20 * i + 5));
    EXPECT_THAT(status, ::testing::AnyOf(0, 130, -SIGINT));
    if (status == 0) continue;
    EXPECT_FALSE(fs::exists(output));
    ASSERT_EQ(run_child(output, 0, {}), 0);
    EXPECT_EQ(files_of(output), files_of(out("whole")));
  }
}

TEST_F(Resume, OtherSettingsAndABusyOrFinishedOutputAreRefused) {
  const fs::path output = out("out");
  const fs::path partial = out("out.partial");
  fs::create_directories(partial / "documents");
  write_file(partial / "settings.json", R"({"longest_edge": 1})");
  write_file(partial / "documents" / "x.json", "{}");
  try {
    curate({in()}, output, options_);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUsage);
    EXPECT_THAT(error.what(), HasSubstr("out.partial"));
  }
  EXPECT_TRUE(fs::exists(partial / "documents" / "x.json")) << "work of others is not removed";
  fs::remove_all(partial);
  curate({in()}, output, options_);
  options_.seed = 1;
  EXPECT_THROW(curate({in()}, output, options_), Error) << "the output is there";
}

TEST_F(Resume, WhatIsCompleteIsReportedAgain) {
  const fs::path output = out("out");
  const CurateReport first = curate({in()}, output, options_);
  ASSERT_EQ(first.failed.size(), 1u);
  const auto files = files_of(output);
  fs::create_directory(out("out.partial"));  // the last that a run removes
  options_.threads = 1;
  const CurateReport again = curate({in()}, output, options_);
  EXPECT_EQ(describe(again), describe(first));
  EXPECT_EQ(again.failed.size(), first.failed.size());
  EXPECT_EQ(files_of(output), files);
  EXPECT_FALSE(fs::exists(out("out.partial")));

  // Stopped just after the renaming: the rests are still there.
  fs::create_directories(out("out.partial") / "documents");
  write_file(out("out.partial") / "documents" / "x.json", "{}");
  const std::string run = read_json(output / "manifest.json").at("run_sha256");
  const std::string note = dump_json(commit_note(first, run, output));
  write_file(out("out.partial") / "committing.json", note);
  EXPECT_EQ(report_json(curate({in()}, output, options_)), report_json(first));
  EXPECT_FALSE(fs::exists(out("out.partial")));

  const ShardPart part{1, 2};
  const CurateReport shard = curate_shard({in()}, out("shard1"), options_, part);
  EXPECT_EQ(describe(curate_shard({in()}, out("shard1"), options_, part)), describe(shard));
  EXPECT_THROW(curate_shard({in()}, out("shard1"), options_, {2, 2}), Error);
  curate_shard({in()}, out("shard2"), options_, {2, 2});
  const std::vector<fs::path> shards = {out("shard1"), out("shard2")};
  merge_shards(shards, out("merged"), 1);
  EXPECT_EQ(describe(merge_shards(shards, out("merged"), 1)), describe(first));
  EXPECT_EQ(describe(merge_shards(shards, output, 1)), describe(first)) << "the same dataset";
}

TEST_F(Resume, WhatIsCompleteOfOtherFilesIsRefused) {
  const auto refused = [&](const CurateOptions& options) {
    try {
      curate({in()}, out("out"), options);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kUsage);
      EXPECT_THAT(error.what(), HasSubstr("exists already"));
      return true;
    }
    return false;
  };
  curate({in()}, out("out"), options_);
  EXPECT_FALSE(refused(options_));
  CurateOptions other = options_;
  other.longest_edge = 300;
  EXPECT_TRUE(refused(other));

  write_file(out("sources.csv"), "glob,licence\nmachine1.pdf,CC0-1.0\n");
  other = options_;
  other.sources = out("sources.csv");
  EXPECT_TRUE(refused(other)) << "what is known of a file";
  fs::rename(in() / "machine1.pdf", in() / "renamed.pdf");
  EXPECT_TRUE(refused(options_)) << "a name";
  fs::rename(in() / "renamed.pdf", in() / "machine1.pdf");
  EXPECT_FALSE(refused(options_));
  write_file(in() / "broken.pdf", "%PDF-1.4 and then something else");
  EXPECT_TRUE(refused(options_)) << "a file's content";
  write_file(in() / "broken.pdf", "%PDF-1.4 and then nothing");

  Json manifest = read_json(out("out") / "manifest.json");
  manifest["reviews"] = Json::array();
  write_file(out("out") / "manifest.json", pretty_json(manifest));
  EXPECT_TRUE(refused(options_)) << "a dataset that was changed since";
  write_file(out("out") / "manifest.json", "{}");
  EXPECT_TRUE(refused(options_)) << "a damaged one";
}

TEST_F(Resume, RestsOfACommitAreTakenForThatOfTheSameRunAlone) {
  const CurateReport first = curate({in()}, out("out"), options_);
  const Json manifest = read_json(out("out") / "manifest.json");
  const std::string note = dump_json(commit_note(first, manifest.at("run_sha256"), out("out")));
  const auto files = files_of(out("out"));
  const auto is_refused = [&](const CurateOptions& options, const std::vector<fs::path>& paths) {
    fs::create_directories(out("out.partial") / "documents");
    write_file(out("out.partial") / "committing.json", note);
    try {
      curate(paths, out("out"), options);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kUsage);
      EXPECT_THAT(error.what(), HasSubstr("exists already"));
      EXPECT_FALSE(fs::exists(out("out.partial")));
      return true;
    }
    return false;
  };
  EXPECT_FALSE(is_refused(options_, {in()}));
  CurateOptions other = options_;
  other.seed = 9;
  EXPECT_TRUE(is_refused(other, {in()})) << "settings";
  EXPECT_TRUE(is_refused(options_, {in() / "machine1.pdf"})) << "files";
  EXPECT_EQ(files_of(out("out")), files);
  for (const int i : {1, 2}) {
    curate_shard({in() / "machine1.pdf", in() / "machine2.pdf"}, out(fmt::format("s{}", i)),
                 options_, {i, 2});
  }
  fs::create_directories(out("out.partial"));
  write_file(out("out.partial") / "committing.json", note);
  EXPECT_THROW(merge_shards({out("s1"), out("s2")}, out("out"), 1), Error) << "other shards";
  fs::create_directories(out("out.partial"));
  write_file(out("out.partial") / "committing.json", note);
  EXPECT_THAT(test::error_of([&] { curate_shard({in()}, out("out"), options_, {1, 2}); },
                             ErrorCode::kUsage),
              HasSubstr("exists already"));
  Json changed = manifest;
  changed["reviews"] = Json::array();
  write_file(out("out") / "manifest.json", pretty_json(changed));
  EXPECT_TRUE(is_refused(options_, {in()})) << "a dataset that was changed since";
}

TEST_F(Resume, TestDocumentsAreMeantByTheNamesOfTheirCopies) {
  options_.test_documents = {"machine3.pdf"};  // copy.pdf is read, and this one left out
  curate({in()}, out("whole"), options_);
  const Dataset dataset = Dataset::open(out("whole"));
  ASSERT_EQ(dataset.documents("test").size(), 1u);
  EXPECT_EQ(dataset.documents("test")[0].source_name, "copy.pdf");
  curate_shard({in()}, out("s1"), options_, {1, 2});
  curate_shard({in()}, out("s2"), options_, {2, 2});
  merge_shards({out("s1"), out("s2")}, out("merged"), 1);
  EXPECT_EQ(files_of(out("merged")), files_of(out("whole")));
}

TEST_F(Resume, ADamagedRecordIsMadeAgain) {
  ASSERT_EQ(run_child(out("whole"), 0, {}), 0);
  options_.keep_going = false;  // stops at broken.pdf, the first file
  EXPECT_THROW(curate({in() / "machine0.pdf", in() / "machine1.pdf", in() / "broken.pdf"},
                      out("out"), options_),
               Error);
  const fs::path documents = out("out.partial") / "documents";
  int records = 0;
  for (const auto& entry : fs::directory_iterator(documents)) {
    if (entry.path().extension() != ".json") continue;
    fs::resize_file(entry.path(), 50);
    ++records;
  }
  ASSERT_EQ(records, 2) << "what is before the bad file is finished";
  const std::vector<fs::path> good = {in() / "machine0.pdf", in() / "machine1.pdf"};
  curate(good, out("out"), options_);
  curate(good, out("again"), options_);
  EXPECT_EQ(files_of(out("out")), files_of(out("again")));
}

TEST_F(Resume, ShardsJoinToTheSingleRun) {
  curate({in()}, out("whole"), options_);
  std::vector<fs::path> shards;
  for (const int i : {2, 3, 1}) {
    shards.push_back(out(fmt::format("shard{}", i)));
    curate_shard({in()}, shards.back(), options_, {i, 3});
    EXPECT_FALSE(fs::exists(shards.back().string() + ".partial"));
  }
  merge_shards(shards, out("merged"), 2);
  EXPECT_EQ(files_of(out("merged")), files_of(out("whole")));
}

TEST_F(Resume, ShardsThatDoNotBelongTogetherAreRefused) {
  curate_shard({in()}, out("a1"), options_, {1, 2});
  curate_shard({in()}, out("a2"), options_, {2, 2});
  options_.seed = 5;
  curate_shard({in()}, out("b2"), options_, {2, 2});
  struct Case {
    std::vector<fs::path> shards;
    const char* word;
  };
  const std::vector<Case> cases = {{{out("a1")}, "shard 2 of 2 is missing"},
                                   {{out("a1"), out("a1")}, "both shard 1"},
                                   {{out("a1"), out("b2")}, "the setting seed"},
                                   {{out("a1"), in()}, "shard.json"}};
  for (const Case& test : cases) {
    try {
      merge_shards(test.shards, out("merged"), 1);
      ADD_FAILURE() << test.word;
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr(test.word));
    }
    EXPECT_FALSE(fs::exists(out("merged")));
    EXPECT_FALSE(fs::exists(out("merged.partial")));
  }
  EXPECT_THROW(curate_shard({in()}, out("c"), options_, {3, 2}), Error);
}

}  // namespace
}  // namespace recto
