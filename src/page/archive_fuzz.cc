// libFuzzer: any bytes as the account of a worker that an archive has taken over. Only recto::Error
// may come out, the budget holds, and every entry that begins ends once.

#include <cstring>
#include <string_view>

#include "base/error.h"
#include "page/archive_protocol.h"

namespace {

class Bytes : public recto::ArchiveChannel {
 public:
  explicit Bytes(std::string_view bytes) : rest_(bytes) {}
  void read(char* to, size_t size) override {
    if (size > rest_.size()) recto::fail(recto::ErrorCode::kBadInput, "the worker has ended");
    if (size > 0) std::memcpy(to, rest_.data(), size);
    rest_.remove_prefix(size);
  }
  void answer(bool) override {}

 private:
  std::string_view rest_;
};

class Checks : public recto::ArchiveSink {
 public:
  bool wants(const recto::ArchiveEntry& entry) override {
    RECTO_CHECK(!open_);
    RECTO_CHECK(entry.name.size() <= recto::kMaxEntryName && entry.size >= -1);
    open_ = entry.type == recto::EntryType::kFile && !entry.encrypted;
    return true;
  }
  void write(std::string_view bytes) override {
    RECTO_CHECK(open_);
    written_ += bytes.size();
  }
  void finish(const recto::Error*) override {
    RECTO_CHECK(open_);
    open_ = false;
  }
  bool open() const { return open_; }
  uint64_t written() const { return written_; }

 private:
  bool open_ = false;
  uint64_t written_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr uint64_t kBytes = 100;
  Bytes channel({reinterpret_cast<const char*>(data), size});
  recto::ArchiveBudget budget{kBytes, "100 bytes", 5};
  Checks sink;
  try {
    recto::follow_archive(channel, budget, sink);
  } catch (const recto::Error&) {
  }
  RECTO_CHECK(!sink.open());
  RECTO_CHECK(sink.written() + budget.bytes == kBytes);
  return 0;
}
