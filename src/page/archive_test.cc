#include "page/archive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <functional>
#include <sstream>

#include "base/file.h"
#include "page/archive_protocol.h"

namespace recto {
namespace {
namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// A tar file with one member.
std::string tar(const std::string& name, const std::string& content) {
  std::string header(512, '\0');
  const auto put = [&](size_t at, const std::string& text) {
    header.replace(at, text.size(), text);
  };
  put(0, name);
  put(100, "0000644");
  put(124, fmt::format("{:011o}", content.size()));
  put(136, "00000000000");
  put(148, "        ");
  put(156, "0");
  put(257, "ustar");
  put(263, "00");
  unsigned sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  put(148, fmt::format("{:06o}", sum));
  header[154] = '\0';
  std::string body = content;
  body.resize((content.size() + 511) / 512 * 512);
  return header + body + std::string(1024, '\0');
}

class Record : public ArchiveSink {
 public:
  bool wants(const ArchiveEntry& entry) override {
    lines.push_back(fmt::format("{} {}", entry.name, entry.size));
    if (on_entry) on_entry();
    return true;
  }
  void write(std::string_view bytes) override { content += bytes; }
  void finish(const Error* problem) override {
    lines.emplace_back(problem ? problem->what() : "done");
  }

  std::vector<std::string> lines;
  std::string content;
  std::function<void()> on_entry;
};

/// Processes this thread has started.
std::vector<std::string> children() {
  std::ifstream file(fmt::format("/proc/self/task/{}/children", ::gettid()));
  std::vector<std::string> pids;
  for (std::string pid; file >> pid;) pids.push_back(pid);
  return pids;
}

TEST(Archive, IsReadByAProcessWithoutRights) {
  TemporaryDirectory directory;
  write_file(directory.path() / "a.tar", tar("a.pdf", "content"));
  Record record;
  std::string status;
  record.on_entry = [&] {
    const auto pids = children();
    ASSERT_EQ(pids.size(), 1u);
    std::stringstream text;
    text << std::ifstream("/proc/" + pids[0] + "/status").rdbuf();
    status = text.str();
  };
  ArchiveBudget budget{1000, "1000 bytes", 10};
  read_archive(directory.path() / "a.tar", ArchiveForm::kArchive, {}, budget, record);
  EXPECT_THAT(record.lines, ElementsAre("a.pdf 7", "done"));
  EXPECT_EQ(record.content, "content");
  EXPECT_EQ(budget.bytes, 993u);
  EXPECT_EQ(budget.entries, 9);
  EXPECT_THAT(status, HasSubstr("NoNewPrivs:\t1"));
  EXPECT_THAT(status, HasSubstr("Seccomp:\t2"));
  EXPECT_THAT(status, HasSubstr("CapEff:\t0000000000000000"));
  EXPECT_THAT(children(), ElementsAre());
}

/// An account given as bytes.
class Account : public ArchiveChannel {
 public:
  explicit Account(std::string bytes) : bytes_(std::move(bytes)) {}
  void read(char* to, size_t size) override {
    if (size > bytes_.size()) fail(ErrorCode::kBadInput, "the account ends");
    bytes_.copy(to, size);
    bytes_.erase(0, size);
  }
  void answer(bool wanted) override { answers.push_back(wanted); }
  std::vector<bool> answers;

 private:
  std::string bytes_;
};

std::string record(RecordKind kind, const std::string& payload) {
  return record_header(kind, payload.size()) + payload;
}

std::string entry(EntryType type = EntryType::kFile, bool encrypted = false) {
  EntryRecord one;
  one.entry = {"a.pdf", type, encrypted, 3};
  return record(RecordKind::kEntry, encode(one));
}

std::string message(const std::string& account, Record& sink, ArchiveBudget budget) {
  Account channel(account);
  try {
    follow_archive(channel, budget, sink);
  } catch (const Error& error) {
    return error.what();
  }
  return "complete";
}

TEST(Archive, AnAccountIsTakenAtNoWord) {
  const std::string data = record(RecordKind::kData, "abc");
  const std::string done = record(RecordKind::kEntryEnd, encode(EndRecord{}));
  const std::string end = record(RecordKind::kEnd, encode(EndRecord{}));
  struct Case {
    std::string account;
    const char* message;
    std::vector<std::string> lines;
  };
  const std::vector<Case> cases = {
      {entry() + data + done + end, "complete", {"a.pdf 3", "done"}},
      {entry() + done + entry() + data + done + end,
       "complete",
       {"a.pdf 3", "done", "a.pdf 3", "done"}},
      {entry(EntryType::kSymbolicLink) + end, "complete", {"a.pdf 3"}},
      {entry(EntryType::kFile, true) + end, "complete", {"a.pdf 3"}},
      {entry(EntryType::kSymbolicLink) + data, "data of no entry", {"a.pdf 3"}},
      {entry() + data + end, "an entry without an end", {"a.pdf 3", "an entry without an end"}},
      {entry() + entry(), "an entry in an entry", {"a.pdf 3", "an entry in an entry"}},
      {entry() + data, "the account ends", {"a.pdf 3", "the account ends"}},
      {record(RecordKind::kEntryEnd, ""), "data of no entry", {}},
      {record(RecordKind::kEntry, "short"), "an entry of wrong length", {}},
      {record(static_cast<RecordKind>(9), ""), "no record", {}},
      {record(RecordKind::kEnd, encode(EndRecord{2, "too\nmuch\x1b"})), "too much ", {}},
      {entry() + data + data + data + data,
       "it unpacks to more than ten bytes",
       {"a.pdf 3", "it unpacks to more than ten bytes"}},
      {entry() + done + entry() + done + entry(),
       "it has too many entries",
       {"a.pdf 3", "done", "a.pdf 3", "done"}},
  };
  for (const Case& one : cases) {
    Record sink;
    EXPECT_THAT(message(one.account, sink, {10, "ten bytes", 2}), HasSubstr(one.message));
    ASSERT_EQ(sink.lines.size(), one.lines.size()) << one.message;
    for (size_t i = 0; i < one.lines.size(); ++i)
      EXPECT_THAT(sink.lines[i], HasSubstr(one.lines[i]));
  }
}

}  // namespace
}  // namespace recto
