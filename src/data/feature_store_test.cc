// A feature store through what may happen to it: other processes, kills, damage, a full disk.

#include "data/feature_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "base/file.h"
#include "base/log.h"
#include "support/errors.h"

namespace recto {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr uint64_t kRowBytes = 40;
constexpr int kRows = 3;
constexpr int64_t kRecordBytes = 128 + 128;  // header, 3 rows padded to 64

Sha256Digest page(int number) { return sha256_digest(as_bytes("page " + std::to_string(number))); }

std::vector<std::byte> values(int number) {
  std::vector<std::byte> bytes(kRows * kRowBytes);
  for (size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<std::byte>(i * 7 + static_cast<size_t>(number));
  }
  return bytes;
}

FeatureRecord record(int number) {
  FeatureRecord record;
  record.page = page(number);
  record.tiling = {number, 2, number + 1, 65535};
  record.rows = kRows;
  return record;
}

class FeatureStoreTest : public testing::Test {
 protected:
  void SetUp() override { set_log_level(LogLevel::kWarning); }

  fs::path path() const { return directory_.path() / "store"; }
  std::unique_ptr<FeatureStore> open(const char* key = "a") const {
    return std::make_unique<FeatureStore>(path(), Json{{"key", key}}, kRowBytes);
  }
  static bool add(FeatureStore& store, int number) {
    return store.add(record(number), values(number));
  }
  /// Whether the page is there, with the right values.
  static bool has(FeatureStore& store, int number) {
    const std::optional<StoredFeatures> found = store.find(page(number));
    EXPECT_EQ(store.contains(page(number)), found.has_value());
    if (!found) return false;
    const std::vector<std::byte> bytes(found->values.values.begin(), found->values.values.end());
    EXPECT_EQ(bytes, values(number));
    EXPECT_EQ(found->record.tiling, (Tiling{number, 2, number + 1, 65535}));
    EXPECT_EQ(found->record.rows, static_cast<uint32_t>(kRows));
    return true;
  }
  std::vector<fs::path> segments() const {
    std::vector<fs::path> files;
    for (const auto& entry : fs::recursive_directory_iterator(path())) {
      if (entry.path().extension() == ".features") files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    return files;
  }
  static void flip(const fs::path& file, int64_t at) {
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekg(at);
    const char byte = static_cast<char>(stream.get() ^ 1);
    stream.seekp(at);
    stream.put(byte);
  }

  TemporaryDirectory directory_;
};

TEST_F(FeatureStoreTest, WhatIsAddedIsFoundNowAndLater) {
  {
    const auto store = open();
    EXPECT_FALSE(has(*store, 1));
    EXPECT_TRUE(add(*store, 1));
    EXPECT_TRUE(has(*store, 1));
    EXPECT_TRUE(add(*store, 2));
    EXPECT_TRUE(add(*store, 1)) << "a second time is no second record";
  }
  ASSERT_EQ(segments().size(), 1u);
  EXPECT_EQ(fs::file_size(segments()[0]), static_cast<uint64_t>(64 + 2 * kRecordBytes));
  const auto store = open();
  EXPECT_EQ(store->size(), 2u);
  EXPECT_TRUE(has(*store, 1) && has(*store, 2));
  EXPECT_FALSE(has(*store, 3));
  EXPECT_TRUE(add(*store, 3));
  EXPECT_EQ(segments().size(), 1u) << "a segment that nobody holds is taken up";
}

TEST_F(FeatureStoreTest, AnotherKeySeesNothingOfIt) {
  EXPECT_TRUE(add(*open("a"), 1));
  EXPECT_FALSE(has(*open("b"), 1));
  EXPECT_TRUE(has(*open("a"), 1));
}

TEST_F(FeatureStoreTest, WritersAtTheSameTimeHaveASegmentEachAndSeeAll) {
  const auto one = open();
  const auto two = open();
  for (int i = 0; i < 10; i += 2) {
    EXPECT_TRUE(add(*one, i));
    EXPECT_TRUE(has(*two, i));
    EXPECT_TRUE(add(*two, i + 1));
    EXPECT_TRUE(add(*two, i)) << "the other has it already";
    EXPECT_TRUE(has(*one, i + 1));
  }
  ASSERT_EQ(segments().size(), 2u);
  for (const fs::path& file : segments()) {
    EXPECT_EQ(fs::file_size(file), static_cast<uint64_t>(64 + 5 * kRecordBytes));
  }
  EXPECT_EQ(open()->size(), 10u);
}

TEST_F(FeatureStoreTest, AKillWhileARecordIsWrittenLosesNoOther) {
  {
    const auto store = open();
    for (int i : {1, 2, 3}) add(*store, i);
  }
  const fs::path file = segments().at(0);
  const std::string whole = read_file(file);
  const int64_t third = 64 + 2 * kRecordBytes;
  for (const int64_t left : {third, third + 1, third + 64, third + 127, third + 128, third + 200,
                             third + kRecordBytes - 1}) {
    write_file(file, whole.substr(0, static_cast<size_t>(left)));
    const auto store = open();
    EXPECT_TRUE(has(*store, 1) && has(*store, 2)) << left;
    EXPECT_FALSE(has(*store, 3)) << left;
    EXPECT_TRUE(add(*store, 3));
    EXPECT_EQ(read_file(file), whole) << left;
  }
  // Killed before the header of the file was there.
  for (const int64_t left : {0, 1, 63, 64}) {
    write_file(file, whole.substr(0, static_cast<size_t>(left)));
    const auto store = open();
    for (int i : {1, 2, 3}) EXPECT_TRUE(add(*store, i));
    EXPECT_EQ(read_file(file), whole) << left;
  }
}

TEST_F(FeatureStoreTest, ADamagedByteLosesItsRecordAlone) {
  {
    const auto store = open();
    for (int i : {1, 2, 3}) add(*store, i);
  }
  const fs::path file = segments().at(0);
  const std::string whole = read_file(file);
  const int64_t second = 64 + kRecordBytes;
  for (const int64_t at : {second, second + 9, second + 24, second + 40, second + 70, second + 100,
                           second + 128, second + 128 + 119}) {
    write_file(file, whole);
    flip(file, at);
    testing::internal::CaptureStderr();
    {
      const auto store = open();
      EXPECT_TRUE(has(*store, 1) && has(*store, 3)) << at;
      EXPECT_FALSE(has(*store, 2)) << at;
      EXPECT_TRUE(add(*store, 2));
      EXPECT_TRUE(has(*store, 2));
    }
    EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr(file.string() + ": "));
    testing::internal::CaptureStderr();
    EXPECT_TRUE(has(*open(), 2)) << "the newer record is taken";
    testing::internal::GetCapturedStderr();
  }
}

TEST_F(FeatureStoreTest, ASegmentThatIsNoneIsPassedOver) {
  add(*open(), 1);
  const fs::path file = segments().at(0);
  flip(file, 3);
  const std::string damaged = read_file(file);
  testing::internal::CaptureStderr();
  const auto store = open();
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr(file.string()));
  EXPECT_FALSE(has(*store, 1));
  EXPECT_TRUE(add(*store, 1));
  EXPECT_TRUE(has(*store, 1));
  EXPECT_EQ(read_file(file), damaged) << "it stays as it is";
}

TEST_F(FeatureStoreTest, AStoreThatIsRemovedMeanwhileIsNoEnd) {
  const auto store = open();
  add(*store, 1);
  fs::remove_all(path());
  set_log_level(LogLevel::kQuiet);
  EXPECT_FALSE(store->find(page(1)).has_value());
}

TEST_F(FeatureStoreTest, SomethingElseIsAnErrorThatNamesIt) {
  fs::create_directories(path());
  write_file(path() / "thesis.tex", "mine");
  EXPECT_THAT(test::error_of([&] { open(); }, ErrorCode::kUsage),
              HasSubstr(path().string() + ": it exists and is no feature store"));
  fs::remove_all(path());
  write_file(path(), "a file");
  EXPECT_THAT(test::error_of([&] { open(); }, ErrorCode::kUsage), HasSubstr("is no feature store"));
  fs::remove(path());
  open();
  write_file(path() / "feature-store.json", R"({"format_version": 2})");
  EXPECT_THAT(test::error_of([&] { open(); }, ErrorCode::kUnsupported),
              HasSubstr("format version 2; this recto reads 1"));
}

TEST_F(FeatureStoreTest, ASetUnderAnotherNameIsRefused) {
  open("a");
  for (const auto& entry : fs::directory_iterator(path())) {
    if (entry.is_directory()) write_file(entry.path() / "set.json", R"({"key": "b"})");
  }
  EXPECT_THAT(test::error_of([&] { open("a"); }, ErrorCode::kBadInput),
              HasSubstr("set.json: it is not the key"));
}

/// No file may have more bytes while it lives: it stands for a full disk.
class FileLimit {
 public:
  explicit FileLimit(rlim_t bytes) : before_(std::signal(SIGXFSZ, SIG_IGN)) { set(bytes); }
  ~FileLimit() {
    set(RLIM_INFINITY);
    std::signal(SIGXFSZ, before_);
  }
  FileLimit(const FileLimit&) = delete;
  FileLimit& operator=(const FileLimit&) = delete;

 private:
  static void set(rlim_t bytes) {
    rlimit limit{};
    ::getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = std::min(bytes, limit.rlim_max);
    EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  }
  void (*before_)(int);
};

TEST_F(FeatureStoreTest, AFullDiskEndsStoringAndNothingElse) {
  add(*open(), 1);
  testing::internal::CaptureStderr();
  {
    const FileLimit full(64 + 2 * kRecordBytes + 100);
    const auto store = open();
    EXPECT_TRUE(add(*store, 2));
    EXPECT_FALSE(add(*store, 3));
    EXPECT_FALSE(add(*store, 4));
    EXPECT_FALSE(store->writable());
    EXPECT_TRUE(has(*store, 1) && has(*store, 2));
    EXPECT_FALSE(has(*store, 3));
    EXPECT_EQ(fs::file_size(segments()[0]), static_cast<uint64_t>(64 + 2 * kRecordBytes));
  }
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              HasSubstr("from here on nothing more is stored in it"));
  const auto store = open();
  EXPECT_TRUE(has(*store, 1) && has(*store, 2));
  EXPECT_TRUE(add(*store, 3));
}

/// Root may write anywhere; while it lives, root is nobody.
class Nobody {
 public:
  Nobody() : root_(::geteuid() == 0) {
    if (root_) {
      EXPECT_EQ(::seteuid(65534), 0);
    }
  }
  ~Nobody() {
    if (root_) {
      EXPECT_EQ(::seteuid(0), 0);
    }
  }
  Nobody(const Nobody&) = delete;
  Nobody& operator=(const Nobody&) = delete;

 private:
  bool root_;
};

TEST_F(FeatureStoreTest, APlaceThatCannotBeWrittenToIsReadOnly) {
  add(*open(), 1);
  const std::vector<fs::path> places = {segments()[0], segments()[0].parent_path(), path()};
  fs::permissions(directory_.path(), fs::perms(0755));
  for (const fs::path& place : places) fs::permissions(place, fs::perms(0555));
  testing::internal::CaptureStderr();
  {
    const Nobody nobody;
    const auto store = open();
    EXPECT_TRUE(has(*store, 1));
    EXPECT_FALSE(add(*store, 2));
    EXPECT_FALSE(has(*store, 2));
    const auto other = open("other key");
    EXPECT_FALSE(other->writable());
    EXPECT_FALSE(has(*other, 1));
    EXPECT_FALSE(add(*other, 1));
  }
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              testing::ContainsRegex("cannot write .*nothing more is stored"));
  for (const fs::path& place : places) fs::permissions(place, fs::perms(0755));
}

}  // namespace
}  // namespace recto
