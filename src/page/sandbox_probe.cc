#include "page/sandbox_probe.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace recto {
namespace {

// errno of a system call, 0 when it succeeded.
int error_of_call(long result) { return result < 0 ? errno : 0; }

int close_if_open(int fd) {
  const int error = error_of_call(fd);
  if (fd >= 0) ::close(fd);
  return error;
}

int create_file() {
  constexpr const char* kPath = "/tmp/recto-sandbox-probe";
  const int fd = ::open(kPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd >= 0) ::unlink(kPath);
  return close_if_open(fd);
}

int connect_to_this_machine() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(9);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int result = ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address));
  const int error = error_of_call(result);
  ::close(fd);
  return error;
}

int start_process() {
  const long child = ::syscall(SYS_fork);
  if (child == 0) ::_exit(0);
  return error_of_call(child);
}

int start_program() {
  char* const arguments[] = {nullptr};
  ::execve("/bin/true", arguments, arguments);
  return errno;
}

int map_executable_memory() {
  void* memory =
      ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return errno;
  ::munmap(memory, 4096);
  return 0;
}

int raise_limit() {
  const rlimit more{64, 64};
  return error_of_call(::setrlimit(RLIMIT_NOFILE, &more));
}

}  // namespace

std::vector<ProbeAnswer::Attempt> probe_sandbox() {
  return {{"read a file", close_if_open(::open("/etc/passwd", O_RDONLY | O_CLOEXEC))},
          {"list a directory", close_if_open(::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC))},
          {"create a file", create_file()},
          {"connect over TCP", connect_to_this_machine()},
          {"make a local socket", close_if_open(::socket(AF_UNIX, SOCK_STREAM, 0))},
          {"signal the parent", error_of_call(::kill(::getppid(), 0))},
          {"raise a limit", raise_limit()},
          {"map executable memory", map_executable_memory()},
          {"start a process", start_process()},
          {"start a program", start_program()}};
}

}  // namespace recto
