#include "cli/programs.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <sstream>

#include "base/file.h"

namespace recto {
namespace {

bool is_program(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(path, ignored) && ::access(path.c_str(), X_OK) == 0;
}

std::string read_line(int fd) {
  std::string text;
  char buffer[512];
  while (text.size() < 4096) {
    const ssize_t n = ::read(fd, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    text.append(buffer, static_cast<size_t>(n));
  }
  return text.substr(0, text.find('\n'));
}

}  // namespace

std::filesystem::path find_program(const std::string& name, const std::string& variable) {
  if (const char* chosen = variable.empty() ? nullptr : std::getenv(variable.c_str())) {
    if (*chosen != '\0') return is_program(chosen) ? chosen : "";
  }
  std::filesystem::path beside = executable_path().parent_path() / name;
  if (is_program(beside)) return beside;
  const char* path = std::getenv("PATH");
  std::istringstream directories(path != nullptr ? path : "");
  for (std::string directory; std::getline(directories, directory, ':');) {
    auto candidate = std::filesystem::path(directory.empty() ? "." : directory) / name;
    if (is_program(candidate)) return candidate;
  }
  return {};
}

std::string first_output_line(const std::filesystem::path& program, const std::string& argument) {
  int pipe[2];
  if (::pipe2(pipe, O_CLOEXEC) != 0) return {};
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, pipe[1], STDOUT_FILENO);
  ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  std::string name = program.string();
  std::string first = argument;
  char* const arguments[] = {name.data(), first.data(), nullptr};
  pid_t pid = 0;
  const int failed = ::posix_spawn(&pid, name.c_str(), &actions, nullptr, arguments, environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(pipe[1]);
  const std::string line = failed == 0 ? read_line(pipe[0]) : "";
  ::close(pipe[0]);
  int status = 1;
  while (failed == 0 && ::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status == 0 ? line : "";
}

}  // namespace recto
