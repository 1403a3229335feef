// Against a real inference server: transformers serve with a golden model of random weights. What
// it says makes no sense; that requests with pictures are taken, answers come back, tokens are
// counted and nonsense is recorded as such, is what the protocol promises.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "curate/endpoint_generator.h"
#include "page/encode.h"
#include "support/support.h"

namespace recto {
namespace {

using ::testing::StartsWith;

/// A port that was free a moment ago.
int free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* raw = reinterpret_cast<sockaddr*>(&address);
  const bool bound = ::bind(fd, raw, size) == 0 && ::getsockname(fd, raw, &size) == 0;
  ::close(fd);
  return bound ? ntohs(address.sin_port) : 0;
}

class TransformersServe {
 public:
  TransformersServe(const std::filesystem::path& model, int port) {
    const std::string command = fmt::format(
        "HF_HUB_OFFLINE=1 exec '{}' -m transformers.cli.transformers serve '{}' --host "
        "127.0.0.1 --port {} >'{}' 2>&1",
        test::python().string(), model.string(), port, log().string());
    const char* arguments[] = {"/bin/sh", "-c", command.c_str(), nullptr};
    const int error = ::posix_spawn(&process_, arguments[0], nullptr, nullptr,
                                    const_cast<char**>(arguments), environ);
    if (error != 0) fail_errno(error, "cannot start " + command);
  }
  ~TransformersServe() {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }
  TransformersServe(const TransformersServe&) = delete;
  TransformersServe& operator=(const TransformersServe&) = delete;

  std::filesystem::path log() const { return directory_.path() / "log"; }

 private:
  TemporaryDirectory directory_;
  pid_t process_ = -1;
};

TEST(EndpointSlow, TransformersServeTakesTheRequests) {
  const test::CommandResult usable = test::run_command(
      fmt::format("'{}' -c 'import fastapi, uvicorn, openai'", test::python().string()));
  if (usable.status != 0) GTEST_SKIP() << "transformers serve cannot run: " << usable.err;
  const std::filesystem::path model =
      std::filesystem::absolute(test::goldens() / "models" / test::golden_models().front());
  const int port = free_port();
  TemporaryDirectory directory;
  EndpointSettings settings;
  settings.url = fmt::format("http://127.0.0.1:{}", port);
  settings.model = model.string();
  settings.cache = directory.path() / "cache";
  settings.max_tokens = 40;
  settings.answer_retries = 1;
  settings.retries = 100;  // until the server is up
  settings.longest_backoff = 2;
  CuratedDocument document;
  document.document_id = std::string(64, 'd');
  for (const int number : {1, 2}) {
    document.pages.emplace_back();
    document.pages.back().number = number;
  }
  const auto jpeg = [](const CuratedPage& page) {
    const auto value = static_cast<uint8_t>(100 * page.number);
    return encode_jpeg({300, 400, std::vector<uint8_t>(size_t{300} * 400 * 3, value)}, 85);
  };
  std::string first;
  {
    const TransformersServe server(model, port);
    EndpointGenerator generator(settings, ApiKey());
    Audit audit;
    EXPECT_TRUE(generator.generate(document, jpeg, audit).empty()) << read_file(server.log());
    for (const AuditRow& row : audit.rows()) {
      EXPECT_THAT(row.reason, StartsWith("wrong answer: "));
      first += row.reason;
    }
    const EndpointUsage usage = generator.usage();
    EXPECT_EQ(usage.requests - usage.repeated, 4) << describe(usage);
    EXPECT_EQ(usage.wrong_answers, 4);
    EXPECT_EQ(usage.dropped, 2);
    EXPECT_EQ(usage.uncounted, 0);
    // The prompt alone is counted without the picture's tokens, of which there are 64 or more.
    EXPECT_GT(usage.prompt_tokens, 4 * 200);
    EXPECT_GT(usage.completion_tokens, 0);
    EXPECT_LE(usage.completion_tokens, 4 * 40);
    std::cout << describe(usage) << first << "\n";
  }
  EndpointGenerator again(settings, ApiKey());
  Audit audit;
  again.generate(document, jpeg, audit);
  EXPECT_EQ(again.usage().requests, 0);
  std::string second;
  for (const AuditRow& row : audit.rows()) second += row.reason;
  EXPECT_EQ(second, first);
}

TEST(EndpointSlow, TransformersServeRefusesAWrongModelWithAReason) {
  const test::CommandResult usable = test::run_command(
      fmt::format("'{}' -c 'import fastapi, uvicorn, openai'", test::python().string()));
  if (usable.status != 0) GTEST_SKIP() << "transformers serve cannot run: " << usable.err;
  const std::filesystem::path model =
      std::filesystem::absolute(test::goldens() / "models" / test::golden_models().front());
  const int port = free_port();
  const TransformersServe server(model, port);
  EndpointSettings settings;
  settings.url = fmt::format("http://127.0.0.1:{}/v1/", port);
  settings.model = "another/model";
  settings.retries = 100;
  settings.longest_backoff = 2;
  CuratedDocument document;
  document.pages.emplace_back();
  Audit audit;
  EndpointGenerator generator(settings, ApiKey());
  try {
    generator.generate(document, document.pages[0],
                       encode_jpeg({64, 64, std::vector<uint8_t>(64 * 64 * 3, 9)}, 85), audit);
    ADD_FAILURE() << read_file(server.log());
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUsage) << error.what();
    std::cout << error.what() << "\n";
  }
}

}  // namespace
}  // namespace recto
