#include "page/archive.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "base/interrupt.h"
#include "page/archive_protocol.h"
#include "page/child_process.h"
#include "page/worker_protocol.h"

namespace recto {
namespace fs = std::filesystem;

namespace {

struct ArchiveFile {
  Descriptor descriptor;
  uint64_t bytes = 0;
};

ArchiveFile open_archive(const fs::path& path) {
  // O_NONBLOCK: a named pipe must be refused, not waited for.
  ArchiveFile file;
  file.descriptor = Descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.descriptor.get() < 0) fail_errno(errno, "cannot open " + path.string());
  struct stat info{};
  if (::fstat(file.descriptor.get(), &info) != 0) {
    fail_errno(errno, "cannot read " + path.string());
  }
  if (!S_ISREG(info.st_mode)) {
    fail(ErrorCode::kBadInput, "{} is not a regular file", path.string());
  }
  if (info.st_size == 0) fail(ErrorCode::kBadInput, "{}: the file is empty", path.string());
  file.bytes = static_cast<uint64_t>(info.st_size);
  return file;
}

/// One running worker as the source of an account.
class WorkerChannel : public ArchiveChannel {
 public:
  WorkerChannel(ArchiveFile file, ArchiveForm form, const ArchiveLimits& limits)
      : cpu_seconds_(limits.max_cpu_seconds + static_cast<int64_t>(file.bytes >> 20)),
        memory_bytes_(limits.max_memory_bytes) {
    start(std::move(file.descriptor), form);
    // Reading waits for a disk, and writing what was read too.
    deadline_ = monotonic_ms() + (60 + 4 * cpu_seconds_) * 1000;
  }
  ~WorkerChannel() override {
    if (pid_ >= 0) end_child(pid_);
  }
  WorkerChannel(const WorkerChannel&) = delete;
  WorkerChannel& operator=(const WorkerChannel&) = delete;

  void read(char* to, size_t size) override {
    constexpr int kSliceMs = 200;  // how long a signal can go unnoticed
    while (size > 0) {
      throw_if_interrupted();
      if (monotonic_ms() > deadline_) fail_as_slow();
      pollfd ready{account_.get(), POLLIN, 0};
      if (::poll(&ready, 1, kSliceMs) <= 0) continue;
      const ssize_t count = ::read(account_.get(), to, size);
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) fail_as_dead();
      to += count;
      size -= static_cast<size_t>(count);
    }
  }

  // A worker that does not listen any more is found out when its account is read.
  void answer(bool wanted) override {
    const char byte = wanted ? 1 : 0;
    while (::send(answers_.get(), &byte, 1, MSG_NOSIGNAL) < 0 && errno == EINTR) continue;
  }

 private:
  void start(Descriptor archive, ArchiveForm form) {
    constexpr const char* kProblem = "cannot start the worker that unpacks archives";
    int pair[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
      fail_errno(errno, kProblem);
    }
    answers_ = Descriptor(pair[0]);
    const Descriptor worker_answers = out_of_the_way(pair[1], kProblem);
    if (::pipe2(pair, O_CLOEXEC) != 0) fail_errno(errno, kProblem);
    account_ = Descriptor(pair[0]);
    const Descriptor worker_account = out_of_the_way(pair[1], kProblem);
    const Descriptor worker_archive =
        out_of_the_way(::fcntl(archive.get(), F_DUPFD_CLOEXEC, 0), kProblem);
    ChildProgram child{find_source_worker()};
    child.arguments = {"archive", form == ArchiveForm::kArchive ? "archive" : "compressed",
                       std::to_string(memory_bytes_), std::to_string(cpu_seconds_),
                       std::to_string(::getpid())};
    child.environment = inherited_variables(
        {"LD_LIBRARY_PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LSAN_OPTIONS"});
    child.descriptors = {{worker_answers.get(), 0},
                         {worker_account.get(), 1},
                         {worker_archive.get(), kArchiveDescriptor}};
    pid_ = start_child(child);
  }

  [[noreturn]] void fail_as_slow() const {
    fail(ErrorCode::kLimit,
         "unpacking it took more than {} s and was ended; the file may be damaged or hostile",
         60 + 4 * cpu_seconds_);
  }

  [[noreturn]] void fail_as_dead() {
    const int status = reap_child(std::exchange(pid_, -1));
    if (status != -1 && WIFEXITED(status) && WEXITSTATUS(status) == kExitOutOfMemory) {
      fail(ErrorCode::kLimit,
           "unpacking it needs more than the {} MiB of memory allowed; the file may be damaged or "
           "hostile",
           memory_bytes_ >> 20);
    }
    if (status != -1 && WIFSIGNALED(status) &&
        (WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGKILL)) {
      fail(ErrorCode::kLimit,
           "unpacking it took more than {} s of processor time and was ended; the file may be "
           "damaged or hostile",
           cpu_seconds_);
    }
    const std::string how = status == -1 ? "ended"
                            : WIFSIGNALED(status)
                                ? std::string("died of ") + ::strsignal(WTERMSIG(status))
                                : fmt::format("ended with {}", WEXITSTATUS(status));
    fail(ErrorCode::kBadInput, "the worker that unpacks it {}; the file may be damaged or hostile",
         how);
  }

  const int64_t cpu_seconds_;
  const uint64_t memory_bytes_;
  int64_t deadline_ = 0;
  pid_t pid_ = -1;
  Descriptor answers_;
  Descriptor account_;
};

}  // namespace

fs::path find_source_worker() {
  fs::path program =
      find_worker("recto-source-worker", "RECTO_SOURCE_WORKER", RECTO_BUILD_SOURCE_WORKER);
  if (program.empty()) {
    fail(ErrorCode::kNotFound,
         "recto-source-worker was not found beside the program; install it there, or set "
         "RECTO_SOURCE_WORKER to it");
  }
  return program;
}

void read_archive(const fs::path& path, ArchiveForm form, const ArchiveLimits& limits,
                  ArchiveBudget& budget, ArchiveSink& sink) {
  WorkerChannel channel(open_archive(path), form, limits);
  follow_archive(channel, budget, sink);
}

}  // namespace recto
