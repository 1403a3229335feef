#pragma once
// tests/endpoint/chat_server.py as a process that lives as long as the object.

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "support/support.h"

namespace recto::test {

class ChatServer {
 public:
  /// With a certificate (and its key beside it, "key.pem") it speaks TLS.
  explicit ChatServer(const std::filesystem::path& certificate = {}) {
    std::vector<std::string> words = {
        python().string(), "-B", (source_directory() / "tests/endpoint/chat_server.py").string(),
        log().string()};
    if (!certificate.empty()) {
      scheme_ = "https";
      for (const std::string& word : {std::string("--tls"), certificate.string(),
                                      (certificate.parent_path() / "key.pem").string()}) {
        words.push_back(word);
      }
    }
    start(words);
  }
  ~ChatServer() {
    ::close(to_server_);  // the end of its input ends it
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }
  ChatServer(const ChatServer&) = delete;
  ChatServer& operator=(const ChatServer&) = delete;

  /// Where the requests meet these steps, one after the other.
  std::string url(const std::string& steps) const {
    return fmt::format("{}://127.0.0.1:{}/{}", scheme_, port_, steps);
  }

  /// The requests so far of these steps, of any when there are none.
  std::vector<Json> requests(const std::string& steps = {}) const {
    std::vector<Json> found;
    std::istringstream lines(std::filesystem::exists(log()) ? read_file(log()) : "");
    for (std::string line; std::getline(lines, line);) {
      if (lines.eof()) break;  // a line that is still written
      Json request = parse_json(line, log().string());
      if (request.at("path").get<std::string>().starts_with("/" + steps)) {
        found.push_back(std::move(request));
      }
    }
    return found;
  }

  /// Returns once that many requests of these steps have arrived.
  void await_requests(size_t count, const std::string& steps) const {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (requests(steps).size() < count) {
      if (std::chrono::steady_clock::now() > deadline) {
        fail(ErrorCode::kInternal, "no {} requests within 30 s", count);
      }
      std::this_thread::yield();
    }
  }

 private:
  std::filesystem::path log() const { return directory_.path() / "log"; }

  void start(const std::vector<std::string>& words) {
    std::vector<char*> arguments;
    arguments.reserve(words.size() + 1);
    for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    int in[2];
    int out[2];
    if (::pipe2(in, O_CLOEXEC) != 0 || ::pipe2(out, O_CLOEXEC) != 0) fail_errno(errno, "pipe");
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    const int error =
        ::posix_spawn(&process_, arguments[0], &actions, nullptr, arguments.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(in[0]);
    ::close(out[1]);
    to_server_ = in[1];
    if (error != 0) fail_errno(error, "cannot start " + words[0]);
    std::string port;
    char c = 0;
    while (::read(out[0], &c, 1) == 1 && c != '\n') port += c;
    ::close(out[0]);
    if (port.empty()) fail(ErrorCode::kInternal, "the chat server does not start");
    port_ = std::stoi(port);
  }

  TemporaryDirectory directory_;
  std::string scheme_ = "http";
  pid_t process_ = -1;
  int to_server_ = -1;
  int port_ = 0;
};

}  // namespace recto::test
