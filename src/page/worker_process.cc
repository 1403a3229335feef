#include "page/worker_process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <utility>

#include "base/error.h"
#include "base/interrupt.h"

namespace recto {
namespace fs = std::filesystem;

namespace {

/// Shared memory of `size` bytes that its holders cannot resize: a worker that shortened it would
/// kill its parent. Pages it never writes take no memory.
Descriptor shared_memory(size_t size) {
  Descriptor memory = out_of_the_way(
      ::memfd_create("recto-pixels", MFD_CLOEXEC | MFD_ALLOW_SEALING), "cannot make shared memory");
  if (::ftruncate(memory.get(), static_cast<off_t>(size)) != 0 ||
      ::fcntl(memory.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
    fail_errno(errno, "cannot make shared memory");
  }
  return memory;
}

}  // namespace

fs::path find_page_worker() {
  return find_worker("recto-page-worker", "RECTO_PAGE_WORKER", RECTO_BUILD_PAGE_WORKER);
}

WorkerProcess::WorkerProcess(int document, std::string name, const PageLimits& limits)
    : name_(std::move(name)), limits_(limits), pixel_bytes_(pixel_buffer_bytes(limits.image)) {
  const Descriptor memory = shared_memory(pixel_bytes_);
  start(document, memory.get());
  void* address = ::mmap(nullptr, pixel_bytes_, PROT_READ, MAP_SHARED, memory.get(), 0);
  if (address == MAP_FAILED) {
    const int error = errno;
    end();
    fail_errno(error, "cannot map shared memory");
  }
  pixels_ = static_cast<const uint8_t*>(address);
}

WorkerProcess::~WorkerProcess() {
  end();
  if (pixels_ != nullptr) ::munmap(const_cast<uint8_t*>(pixels_), pixel_bytes_);
}

void WorkerProcess::start(int document, int pixels) {
  const fs::path program = find_page_worker();
  if (program.empty()) {
    fail(ErrorCode::kNotFound,
         "recto-page-worker was not found beside the program; install it there, or set "
         "RECTO_PAGE_WORKER to it");
  }
  int pair[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
    fail_errno(errno, "cannot make a socket for the page worker");
  }
  requests_ = Descriptor(pair[0]);
  const Descriptor worker_requests = out_of_the_way(pair[1], "cannot start the page worker");
  if (::pipe2(pair, O_CLOEXEC) != 0) fail_errno(errno, "cannot make a pipe for the page worker");
  answers_ = Descriptor(pair[0]);
  const Descriptor worker_answers = out_of_the_way(pair[1], "cannot start the page worker");
  const Descriptor worker_document =
      document < 0
          ? Descriptor()
          : out_of_the_way(::fcntl(document, F_DUPFD_CLOEXEC, 0), "cannot start the page worker");
  ChildProgram child{program};
  // Where libraries are, and what sanitizers listen to.
  child.environment = inherited_variables({"RECTO_PDFIUM", "LD_LIBRARY_PATH", "ASAN_OPTIONS",
                                           "UBSAN_OPTIONS", "TSAN_OPTIONS", "LSAN_OPTIONS"});
  child.descriptors = {{worker_requests.get(), 0},
                       {worker_answers.get(), 1},
                       {worker_document.get(), kDocumentDescriptor},
                       {pixels, kPixelsDescriptor}};
  pid_ = start_child(child);
}

// From outside and by the soft limit alone, so that each request has its own and the worker,
// whatever it has become, cannot change it.
void WorkerProcess::limit_cpu_time() {
  clockid_t clock{};
  timespec used{};
  if (::clock_getcpuclockid(pid_, &clock) != 0 || ::clock_gettime(clock, &used) != 0) return;
  rlimit limit{};
  if (::prlimit(pid_, RLIMIT_CPU, nullptr, &limit) != 0) return;
  const auto seconds = static_cast<rlim_t>(used.tv_sec + 1 + limits_.max_cpu_seconds);
  limit.rlim_cur = std::min(limit.rlim_max, seconds);
  ::prlimit(pid_, RLIMIT_CPU, &limit, nullptr);
}

// A worker that does not listen any more is found out when its answer is read.
void WorkerProcess::send(const std::string& bytes) {
  std::string_view rest = bytes;
  while (!rest.empty()) {
    const ssize_t count = ::send(requests_.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;
    rest.remove_prefix(static_cast<size_t>(count));
  }
}

std::string WorkerProcess::receive(size_t size, int64_t deadline) {
  constexpr int64_t kSliceMs = 200;  // how long a signal can go unnoticed
  std::string bytes(size, '\0');
  size_t done = 0;
  while (done < size) {
    if (interrupted()) end();
    throw_if_interrupted();
    const int64_t left = deadline - monotonic_ms();
    if (left <= 0) fail_as_slow();
    pollfd ready{answers_.get(), POLLIN, 0};
    if (::poll(&ready, 1, static_cast<int>(std::min(left, kSliceMs))) <= 0) continue;
    const ssize_t count = ::read(answers_.get(), bytes.data() + done, size - done);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) fail_as_dead();
    done += static_cast<size_t>(count);
  }
  return bytes;
}

std::string WorkerProcess::ask(const Request& request) {
  if (pid_ < 0) fail_as_dead();
  limit_cpu_time();
  const int64_t deadline = monotonic_ms() + int64_t{limits_.max_wall_seconds} * 1000;
  send(encode(request));
  AnswerHeader header{};
  try {
    header = decode_answer_header(receive(kAnswerBytes, deadline));
  } catch (const Error& error) {
    if (pid_ < 0) throw;
    fail_as_hostile(error.what());
  }
  std::string payload = receive(header.payload_bytes, deadline);
  if (header.status == 0) return payload;
  std::string message = decode_message(payload);
  if (!message.starts_with(name_)) message = name_ + ": " + message;
  throw Error(error_of(header.status), message);
}

bool WorkerProcess::alive() {
  if (pid_ < 0) return false;
  pollfd state{answers_.get(), POLLIN, 0};
  if (::poll(&state, 1, 0) == 0) return true;
  // Unasked words, or the end of the stream: either way it is of no more use.
  end();
  return false;
}

// Kills and reaps; the status of waitpid, -1 when it is not known.
int WorkerProcess::end() {
  requests_.reset();
  answers_.reset();
  if (pid_ < 0) return -1;
  return end_child(std::exchange(pid_, -1));
}

void WorkerProcess::fail_as_hostile(const std::string& why) {
  end();
  fail(ErrorCode::kBadInput, "{}: {}", name_, why);
}

void WorkerProcess::fail_as_slow() {
  end();
  fail(ErrorCode::kLimit,
       "{}: reading it took more than {} s and was ended; the file may be damaged or hostile",
       name_, limits_.max_wall_seconds);
}

// Called when the pipe has closed: the worker has ended or is about to.
void WorkerProcess::fail_as_dead() {
  int status = -1;
  if (pid_ >= 0) {
    status = reap_child(std::exchange(pid_, -1));
    end();
  }
  const uint64_t megabytes = limits_.max_memory_bytes >> 20;
  if (status != -1 && WIFEXITED(status) && WEXITSTATUS(status) == kExitOutOfMemory) {
    fail(ErrorCode::kLimit,
         "{}: reading it needs more than the {} MiB of memory allowed; the file may be damaged or "
         "hostile",
         name_, megabytes);
  }
  if (status != -1 && WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU) {
    fail(ErrorCode::kLimit,
         "{}: reading it took more than {} s of processor time and was ended; the file may be "
         "damaged or hostile",
         name_, limits_.max_cpu_seconds);
  }
  const std::string how = status == -1 ? "ended"
                          : WIFSIGNALED(status)
                              ? std::string("died of ") + ::strsignal(WTERMSIG(status))
                              : fmt::format("ended with {}", WEXITSTATUS(status));
  fail(ErrorCode::kBadInput,
       "{}: the page worker {} while reading it; the file may be damaged or hostile", name_, how);
}

}  // namespace recto
