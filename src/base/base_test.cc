#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>

#include "base/cpu.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/random.h"
#include "base/sha256.h"
#include "base/threads.h"
#include "base/utf8.h"

namespace recto {
namespace {
namespace fs = std::filesystem;

ErrorCode code_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::kInternal;
}

TEST(Error, ExitStatusIsPartOfTheInterface) {
  EXPECT_EQ(exit_status(ErrorCode::kUsage), 2);
  EXPECT_EQ(exit_status(ErrorCode::kInterrupted), 130);
  EXPECT_EQ(exit_status(ErrorCode::kBadInput), 1);
}

TEST(AtomicFile, AppearsOnlyWhenCommitted) {
  TemporaryDirectory directory;
  const fs::path path = directory.path() / "out.txt";
  {
    AtomicFile file(path);
    file.write("half");
    EXPECT_FALSE(fs::exists(path));
  }
  EXPECT_TRUE(fs::is_empty(directory.path())) << "an abandoned file must leave nothing";
  write_file(path, "whole");
  EXPECT_EQ(read_file(path), "whole");
  write_file(path, "again");
  EXPECT_EQ(read_file(path), "again");
}

TEST(AtomicFile, NamesTheFileItCannotWrite) {
  try {
    AtomicFile file("/nonexistent-directory/x");
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("/nonexistent-directory/x"), std::string::npos);
  }
}

TEST(AtomicFile, ADirectoryThatIsMissingIsNamedWithWhatToDo) {
  const TemporaryDirectory directory;
  try {
    write_file(directory.path() / "no" / "x", "text");
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kNotFound);
    const std::string text = error.what();
    EXPECT_NE(text.find((directory.path() / "no").string() + "; make it first"), std::string::npos)
        << text;
  }
}

TEST(AtomicFile, MessagesNameThePathOfTheCommittedFile) {
  const TemporaryDirectory directory;
  const StagedDirectory staged(directory.path() / "out");
  EXPECT_EQ(final_path(staged.path() / "data" / "a.bin"), directory.path() / "out/data/a.bin");
  const AtomicFile file(staged.path() / "b");
  EXPECT_EQ(final_path(file.temporary_path()), directory.path() / "out/b");
  EXPECT_EQ(final_path("/a/.b.partial-notes/c"), "/a/.b.partial-notes/c");
  EXPECT_EQ(final_path("plain"), "plain");
  EXPECT_EQ(final_path("/a/.partial-0/b"), "/a/b");
  EXPECT_EQ(final_path("/a/..partial-0.partial-12-3/b"), "/a/b");
  EXPECT_EQ(final_path("a/"), "a/");
}

TEST(AtomicFile, FullDiskIsNamedAndLeavesNothing) {
  if (!fs::exists("/dev/full")) GTEST_SKIP() << "no /dev/full on this system";
  try {
    fail_errno(ENOSPC, "cannot write x");
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("free some space"), std::string::npos);
  }
}

TEST(StagedDirectory, CommitsWholeOrNotAtAll) {
  TemporaryDirectory directory;
  const fs::path target = directory.path() / "out";
  {
    StagedDirectory staged(target);
    write_file(staged.path() / "a", "1");
  }
  EXPECT_TRUE(fs::is_empty(directory.path()));
  {
    StagedDirectory staged(target);
    write_file(staged.path() / "a", "1");
    staged.commit();
  }
  EXPECT_EQ(read_file(target / "a"), "1");
  EXPECT_EQ(code_of([&] { StagedDirectory again(target); }), ErrorCode::kUsage);
}

TEST(MappedFile, EmptyMissingAndDirectory) {
  TemporaryDirectory directory;
  write_file(directory.path() / "empty", "");
  EXPECT_TRUE(MappedFile(directory.path() / "empty").bytes().empty());
  EXPECT_EQ(code_of([&] { MappedFile(directory.path() / "missing"); }), ErrorCode::kNotFound);
  EXPECT_EQ(code_of([&] { MappedFile file(directory.path()); }), ErrorCode::kBadInput);
}

TEST(MappedFile, ReleasedPagesAreReadAgain) {
  const TemporaryDirectory directory;
  const std::string content(100'000, 'x');
  write_file(directory.path() / "a", content);
  const MappedFile file(directory.path() / "a");
  const auto bytes = file.bytes();
  for (const auto range :
       {bytes, bytes.subspan(1, 50'000), bytes.subspan(99'999), bytes.first(0)}) {
    file.release(range);
    EXPECT_EQ(as_text(file.bytes()), content);
  }
  std::string other(1 << 20, 'y');
  file.release(as_bytes(other));
  EXPECT_EQ(other, std::string(1 << 20, 'y')) << "memory of others is left alone";
  MappedFile().release({});
}

TEST(Sha256, KnownAnswers) {
  EXPECT_EQ(sha256_hex(std::string_view("")),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex(std::string_view("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

/// Largest resident size of this process so far in bytes, from the kernel's own account (getrusage
/// also counts the program that started this one).
uint64_t largest_resident_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind("VmHWM:", 0) == 0) return std::stoull(line.substr(6)) * 1024;
  }
  return 0;
}

TEST(Sha256, AFileNeedsLittleMemory) {
  constexpr uint64_t kMiB = 1 << 20;
  constexpr uint64_t kMebibytes = 128;
  constexpr uint64_t kSize = kMebibytes * kMiB + 5000;
  const TemporaryDirectory directory;
  const fs::path path = directory.path() / "large";
  write_file(path, "begin");
  fs::resize_file(path, kSize);
  Sha256 expected;
  std::string mebibyte(kMiB, '\0');
  mebibyte.replace(0, 5, "begin");
  for (uint64_t i = 0; i < kMebibytes; ++i) {
    expected.update(mebibyte);
    mebibyte.assign(kMiB, '\0');
  }
  expected.update(mebibyte.substr(0, 5000));
  const uint64_t before = largest_resident_bytes();
  ASSERT_GT(before, 0u);
  EXPECT_EQ(sha256_file(path), expected.hex());
  EXPECT_LT(largest_resident_bytes() - before, 64 * kMiB);
}

TEST(Utf8, WellFormedAndNot) {
  for (const char* good : {"", "a", "é", "€", "😀"}) EXPECT_TRUE(is_valid_utf8(good)) << good;
  for (const char* bad :
       {"\xff", "\xc0\xaf", "\xe2\x82", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\x80"}) {
    EXPECT_FALSE(is_valid_utf8(bad));
    EXPECT_TRUE(is_valid_utf8(replace_invalid_utf8(bad)));
  }
  std::string round;
  const std::string text = "aé€😀";
  for (size_t i = 0; i < text.size();) append_utf8(round, decode_utf8(text, i));
  EXPECT_EQ(round, text);
}

TEST(Json, RefusesWhatIsNotStrictlyJson) {
  std::string deep(200, '[');
  deep += std::string(200, ']');
  for (const std::string& bad :
       {std::string("{"), std::string("{\"a\":1,\"a\":2}"), deep, std::string("\"\xff\""),
        std::string("{\"a\":1} x"), std::string("")}) {
    EXPECT_EQ(code_of([&] { parse_json(bad, "file"); }), ErrorCode::kBadInput) << bad;
  }
}

TEST(Json, ValuesAreCounted) {
  const std::string text = R"({"a": [1, {}, []], "b": null})";  // 6, the whole among them
  EXPECT_EQ(parse_json(text, "f", 6).size(), 2u);
  EXPECT_EQ(code_of([&] { parse_json(text, "f", 5); }), ErrorCode::kLimit);
}

// What takes time with the square of its length never ends here.
TEST(Json, LongListsOfObjects) {
  std::string text = "[{}";
  for (int i = 1; i < 1'000'000; ++i) text += ",{}";
  EXPECT_EQ(parse_json(text + "]", "f").size(), 1'000'000u);
}

TEST(Json, TypedMembers) {
  const Json json = parse_json(R"({"i": 3, "f": 2.5, "e": 1e5, "s": "x", "n": null})", "f");
  EXPECT_EQ(json_required<int>(json, "i", "f"), 3);
  EXPECT_EQ(json_required<int>(json, "e", "f"), 100000);
  EXPECT_EQ(json_optional<int>(json, "n", "f", 7), 7);
  EXPECT_EQ(json_required<std::string>(json, "s", "f"), "x");
  EXPECT_EQ(code_of([&] { json_required<int>(json, "f", "f"); }), ErrorCode::kBadInput);
  EXPECT_EQ(code_of([&] { json_required<int>(json, "absent", "f"); }), ErrorCode::kBadInput);
  EXPECT_EQ(code_of([&] { json_required<int>(json, "s", "f"); }), ErrorCode::kBadInput);
}

// The vectors of RFC 8785, sections 3.2.2 and 3.2.3 and appendix B.
TEST(Json, CanonicalForm) {
  EXPECT_EQ(
      canonical_json(parse_json(
          R"({"numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
                    "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/", "literals": [null, true, false]})",
          "rfc")),
      "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],"
      "\"string\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}");
  EXPECT_EQ(
      canonical_json(parse_json(R"({"\ufb33": 1, "\ud83d\ude00": 2, "\u20ac": 3, "\r": 4})", "x")),
      "{\"\\r\":4,\"€\":3,\"😀\":2,\"\uFB33\":1}");
  const std::pair<double, const char*> numbers[] = {
      {0.0, "0"},
      {-0.0, "0"},
      {5e-324, "5e-324"},
      {9007199254740992.0, "9007199254740992"},
      {295147905179352830000.0, "295147905179352830000"},
      {1e21, "1e+21"},
      {1e-6, "0.000001"},
      {1e-7, "1e-7"},
      {-1.5, "-1.5"},
      {100.0, "100"}};
  for (const auto& [value, text] : numbers) EXPECT_EQ(canonical_json(Json(value)), text);
}

TEST(Random, IsTheSameEverywhere) {
  Random random(1);
  EXPECT_EQ(random.next(), 12966619160104079557u);
  Random copy(2);
  copy.set_state(random.state());
  EXPECT_EQ(copy.next(), random.next());
  EXPECT_NE(Random(1, 0).next(), Random(1, 1).next());
  double sum = 0, squares = 0;
  for (int i = 0; i < 20000; ++i) {
    const double x = random.normal();
    sum += x, squares += x * x;
  }
  EXPECT_NEAR(sum / 20000, 0, 0.03);
  EXPECT_NEAR(squares / 20000, 1, 0.05);
}

TEST(Threads, EveryIndexOnceAndErrorsComeBack) {
  std::vector<std::atomic<int>> hits(1000);
  parallel_for(hits.size(), 4, [&](size_t i) { ++hits[i]; });
  for (const auto& hit : hits) EXPECT_EQ(hit, 1);
  EXPECT_EQ(code_of([] {
              parallel_for(100, 4, [](size_t i) {
                if (i == 50) fail(ErrorCode::kLimit, "at {}", i);
              });
            }),
            ErrorCode::kLimit);
}

TEST(Threads, QueueEndsAfterClose) {
  BoundedQueue<int> queue(2);
  EXPECT_TRUE(queue.push(1));
  queue.close();
  EXPECT_FALSE(queue.push(2));
  EXPECT_EQ(queue.pop(), 1);
  EXPECT_EQ(queue.pop(), std::nullopt);
}

TEST(Cpu, HigherSetsImplyLowerOnes) {
  const CpuFeatures& features = cpu_features();
  EXPECT_TRUE(!features.avx512 || features.avx2);
  EXPECT_GT(available_memory_bytes(), 1u << 20);
  EXPECT_GT(peak_memory_bytes(), 1u << 20);
}

}  // namespace
}  // namespace recto
