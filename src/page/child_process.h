#pragma once
// Starting and ending the limited programs that look at files nobody vouches for.

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <string>
#include <vector>

namespace recto {

/// A file descriptor that closes itself.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() { reset(); }
  Descriptor(Descriptor&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  Descriptor& operator=(Descriptor&& other) noexcept;
  int get() const { return fd_; }
  void reset();

 private:
  int fd_ = -1;
};

/// `fd` under a number that none of a child's descriptors has, closed on exec; takes it over.
/// Throws Error(kIo) saying `what` when it is -1.
Descriptor out_of_the_way(int fd, const char* what);

/// Milliseconds of a clock that only moves forward.
int64_t monotonic_ms();

struct ChildProgram {
  std::filesystem::path program;
  std::vector<std::string> arguments;    ///< after the program's name
  std::vector<std::string> environment;  ///< NAME=value; nothing else is inherited
  struct Gift {
    int from;  ///< of this process; -1 closes what the child would have inherited there
    int to;
  };
  std::vector<Gift> descriptors;
  /// Descriptor 2 is /dev/null. A sanitizer's report must reach the tests; nothing else that such
  /// a program writes is for anybody.
  bool silent = true;
};

/// Starts it as the leader of a process group of its own, with no blocked and no ignored signals.
/// Throws Error(kIo).
pid_t start_child(const ChildProgram& child);

/// Kills the process group and reaps its leader: the status of waitpid, -1 when it is not known.
int end_child(pid_t pid);

/// Waits up to a second for the child to end by itself, so that its own status is seen; then as
/// end_child.
int reap_child(pid_t pid);

/// NAME=value for those of the variables that are set.
std::vector<std::string> inherited_variables(std::initializer_list<const char*> names);

/// A worker program: what the environment variable `variable` says; else `name` beside the running
/// program, in ../libexec/recto, or where the build put it. Empty when there is none.
std::filesystem::path find_worker(const char* name, const char* variable, const char* build_path);

}  // namespace recto
