#include "page/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "page/sanitizer.h"

namespace recto {
namespace fs = std::filesystem;

namespace {

// Descriptors of this process that a child gets must not have the numbers they get there.
constexpr int kFirstSafeDescriptor = 10;

/// Strings as exec wants them.
class Pointers {
 public:
  explicit Pointers(std::vector<std::string> texts) : texts_(std::move(texts)) {
    for (std::string& text : texts_) pointers_.push_back(text.data());
    pointers_.push_back(nullptr);
  }
  char** get() { return pointers_.data(); }

 private:
  std::vector<std::string> texts_;
  std::vector<char*> pointers_;
};

class SpawnActions {
 public:
  SpawnActions() { ::posix_spawn_file_actions_init(&actions_); }
  ~SpawnActions() { ::posix_spawn_file_actions_destroy(&actions_); }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;
  // Nothing to give (-1) also closes what this program happens to have inherited there.
  void give(int from, int to) {
    if (from >= 0) {
      ::posix_spawn_file_actions_adddup2(&actions_, from, to);
    } else {
      ::posix_spawn_file_actions_addclose(&actions_, to);
    }
  }
  void open_null(int to) {
    ::posix_spawn_file_actions_addopen(&actions_, to, "/dev/null", O_WRONLY, 0);
  }
  posix_spawn_file_actions_t* get() { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

/// A process group of its own, no blocked and no ignored signals.
class SpawnAttributes {
 public:
  SpawnAttributes() {
    ::posix_spawnattr_init(&attributes_);
    sigset_t signals;
    sigemptyset(&signals);
    ::posix_spawnattr_setsigmask(&attributes_, &signals);
    sigfillset(&signals);
    ::posix_spawnattr_setsigdefault(&attributes_, &signals);
    ::posix_spawnattr_setpgroup(&attributes_, 0);
    ::posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~SpawnAttributes() { ::posix_spawnattr_destroy(&attributes_); }
  SpawnAttributes(const SpawnAttributes&) = delete;
  SpawnAttributes& operator=(const SpawnAttributes&) = delete;
  const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_{};
};

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this != &other) {
    reset();
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

void Descriptor::reset() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

Descriptor out_of_the_way(int fd, const char* what) {
  const Descriptor original(fd);
  if (fd < 0) fail_errno(errno, what);
  Descriptor moved(::fcntl(fd, F_DUPFD_CLOEXEC, kFirstSafeDescriptor));
  if (moved.get() < 0) fail_errno(errno, what);
  return moved;
}

int64_t monotonic_ms() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return int64_t{time.tv_sec} * 1000 + time.tv_nsec / 1'000'000;
}

pid_t start_child(const ChildProgram& child) {
  SpawnActions actions;
  for (const ChildProgram::Gift& gift : child.descriptors) actions.give(gift.from, gift.to);
  if (child.silent && !kSanitized) actions.open_null(2);
  const SpawnAttributes attributes;
  std::vector<std::string> arguments = child.arguments;
  arguments.insert(arguments.begin(), child.program.filename().string());
  pid_t pid = -1;
  const int error =
      ::posix_spawn(&pid, child.program.c_str(), actions.get(), attributes.get(),
                    Pointers(std::move(arguments)).get(), Pointers(child.environment).get());
  if (error != 0) fail_errno(error, "cannot start " + child.program.string());
  return pid;
}

int end_child(pid_t pid) {
  ::kill(-pid, SIGKILL);
  int status = -1;
  while (::waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return -1;
  }
  return status;
}

int reap_child(pid_t pid) {
  for (int i = 0; i < 1000; ++i) {
    siginfo_t info{};
    if (::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT | WNOHANG) != 0 ||
        info.si_pid != 0) {
      break;
    }
    ::poll(nullptr, 0, 1);
  }
  return end_child(pid);
}

std::vector<std::string> inherited_variables(std::initializer_list<const char*> names) {
  std::vector<std::string> variables;
  for (const char* name : names) {
    const char* value = std::getenv(name);
    if (value != nullptr) variables.push_back(std::string(name) + "=" + value);
  }
  return variables;
}

fs::path find_worker(const char* name, const char* variable, const char* build_path) {
  const char* chosen = std::getenv(variable);
  if (chosen != nullptr && *chosen != '\0') return chosen;
  const fs::path here = executable_path().parent_path();
  const fs::path places[] = {here / name, here / ".." / "libexec" / "recto" / name, build_path};
  for (const fs::path& place : places) {
    if (::access(place.c_str(), X_OK) == 0) return place.lexically_normal();
  }
  return {};
}

}  // namespace recto
