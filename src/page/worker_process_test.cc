#include "page/worker_process.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>

#include "base/error.h"
#include "base/file.h"
#include "page/reader.h"
#include "page/sandbox.h"
#include "page/sanitizer.h"
#include "page/test_pdf.h"

namespace recto {
namespace {
namespace fs = std::filesystem;
using testing::HasSubstr;

// ---- what a worker can still do from inside

std::map<std::string, int> attempts(int32_t flags) {
  WorkerProcess worker(-1, "probe", {});
  Request request;
  request.kind = RequestKind::kProbe;
  request.argument = flags;
  const ProbeAnswer answer = decode_probe_answer(worker.ask(request));
  EXPECT_EQ(answer.landlock_abi, (flags & kProbeWithoutLandlock) != 0 ? 0 : landlock_abi());
  EXPECT_EQ(answer.seccomp, (flags & kProbeWithoutSeccomp) == 0);
  std::map<std::string, int> errors;
  for (const auto& attempt : answer.attempts) errors[attempt.what] = attempt.error;
  return errors;
}

constexpr const char* kForbidden[] = {
    "read a file",         "list a directory",  "create a file", "connect over TCP",
    "make a local socket", "signal the parent", "raise a limit", "map executable memory",
    "start a process",     "start a program"};

TEST(Sandbox, AWorkerCanDoNothingButAnswer) {
  const auto errors = attempts(0);
  EXPECT_EQ(errors.size(), std::size(kForbidden));
  for (const char* what : kForbidden) EXPECT_EQ(errors.at(what), EPERM) << what;
}

TEST(Sandbox, SeccompAloneForbidsAllOfIt) {
  const auto errors = attempts(kProbeWithoutLandlock);
  for (const char* what : kForbidden) EXPECT_EQ(errors.at(what), EPERM) << what;
}

TEST(Sandbox, LandlockAloneForbidsFilesProgramsAndNetwork) {
  if (landlock_abi() == 0) GTEST_SKIP() << "this kernel has no Landlock";
  const auto errors = attempts(kProbeWithoutSeccomp);
  for (const char* what : {"read a file", "list a directory", "create a file", "start a program"}) {
    EXPECT_EQ(errors.at(what), EACCES) << what;
  }
  EXPECT_EQ(errors.at("raise a limit"), EPERM);
  if (landlock_abi() >= 4) {
    EXPECT_EQ(errors.at("connect over TCP"), EACCES);
  }
  if (landlock_abi() >= 6) {
    EXPECT_EQ(errors.at("signal the parent"), EPERM);
  }
}

// ---- the end of the parent

int pidfd_of(pid_t pid) { return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)); }

void open_document(WorkerProcess& worker) {
  Request request;
  request.kind = RequestKind::kOpen;
  request.payload = encode(OpenRequest{{}, "document"});
  worker.ask(request);
}

std::string endless_pdf() {
  test::PdfBuilder pdf;
  const std::string resources = test::endless_resources(pdf);
  pdf.add_page("/X0 Do", 612, 792, "", resources);
  return pdf.finish();
}

// In a child process: has a worker open `path`, tells its pid, and lets it work without end.
[[noreturn]] void parent_of_a_busy_worker(const fs::path& path, int tell) {
  try {
    const MappedFile file(path);
    Descriptor document(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    WorkerProcess worker(document.get(), "document", {});
    open_document(worker);
    const pid_t pid = worker.pid();
    if (::write(tell, &pid, sizeof(pid)) != sizeof(pid)) ::_exit(1);
    Request request;
    request.kind = RequestKind::kRender;
    request.page = 1;
    request.argument = 500;
    worker.ask(request);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
  }
  ::_exit(1);
}

TEST(WorkerProcess, AKilledParentTakesABusyWorkerWithIt) {
  TemporaryDirectory directory;
  const fs::path path = directory.path() / "a.pdf";
  write_file(path, endless_pdf());
  int pipe[2];
  ASSERT_EQ(::pipe(pipe), 0);
  const pid_t parent = ::fork();
  if (parent == 0) parent_of_a_busy_worker(path, pipe[1]);
  pid_t worker = 0;
  ASSERT_EQ(::read(pipe[0], &worker, sizeof(worker)), static_cast<ssize_t>(sizeof(worker)));
  const Descriptor watch(pidfd_of(worker));
  ASSERT_GE(watch.get(), 0) << "the worker has gone already";
  ASSERT_EQ(::kill(parent, SIGKILL), 0);
  ASSERT_EQ(::waitpid(parent, nullptr, 0), parent);
  pollfd ended{watch.get(), POLLIN, 0};
  EXPECT_EQ(::poll(&ended, 1, 10'000), 1) << "the worker lives on without its parent";
  ::close(pipe[0]);
  ::close(pipe[1]);
}

TEST(WorkerProcess, IsSeenToBeDead) {
  WorkerProcess worker(-1, "document", {});
  EXPECT_TRUE(worker.alive());
  const Descriptor watch(pidfd_of(worker.pid()));
  ASSERT_EQ(::kill(worker.pid(), SIGKILL), 0);
  pollfd ended{watch.get(), POLLIN, 0};
  ASSERT_EQ(::poll(&ended, 1, 20'000), 1);
  EXPECT_FALSE(worker.alive());
}

// ---- workers that a document has taken over, played by shell scripts

class Impostor : public testing::Test {
 protected:
  /// What a document says whose worker runs `script`.
  std::string message(const std::string& script, const PageLimits& limits = {}) {
    const fs::path program = directory_.path() / "worker";
    write_file(program, "#!/bin/sh\n" + script + "\n");
    fs::permissions(program, fs::perms::owner_all);
    const fs::path document = directory_.path() / "a.pdf";
    write_file(document, test::simple_pdf({"x"}));
    ::setenv("RECTO_PAGE_WORKER", program.c_str(), 1);
    std::string text = "no error";
    try {
      Document{document, limits};
    } catch (const Error& error) {
      EXPECT_TRUE(error.code() == ErrorCode::kBadInput || error.code() == ErrorCode::kLimit)
          << error.what();
      text = error.what();
    }
    ::unsetenv("RECTO_PAGE_WORKER");
    EXPECT_THAT(text, HasSubstr(document.string()));
    return text;
  }

 private:
  TemporaryDirectory directory_;
};

TEST_F(Impostor, ThatAnswersNonsenseIsFoundOut) {
  EXPECT_THAT(message("printf 'HTTP/1.1 200 OK: everything is fine'"), HasSubstr("malformed"));
  // A payload of 2^56 bytes; one of 3 bytes; an open answer of 24 zero bytes (no pages).
  EXPECT_THAT(message("printf 'RPA2\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\001'"),
              HasSubstr("too long"));
  EXPECT_THAT(message("printf 'RPA2\\0\\0\\0\\0\\003\\0\\0\\0\\0\\0\\0\\0abc'"),
              HasSubstr("too short"));
  EXPECT_THAT(message("printf 'RPA2\\0\\0\\0\\0\\030\\0\\0\\0\\0\\0\\0\\0'; head -c 24 /dev/zero"),
              HasSubstr("out of range"));
}

TEST_F(Impostor, ThatEndsOrCrashesIsReported) {
  EXPECT_THAT(message("exit 7"), HasSubstr("ended with 7"));
  EXPECT_THAT(message("kill -SEGV $$"), HasSubstr("Segmentation fault"));
  EXPECT_THAT(message("exit 99"), HasSubstr("MiB of memory"));
  EXPECT_THAT(message("printf 'RPA2'"), HasSubstr("while reading it"));
}

TEST_F(Impostor, ThatHangsIsEnded) {
  PageLimits limits;
  limits.max_wall_seconds = 1;
  EXPECT_THAT(message("while :; do :; done", limits), HasSubstr("took more than 1 s"));
}

TEST_F(Impostor, CannotForgeTheNameOrTheTerminal) {
  const std::string text =
      message("printf 'RPA2\\001\\0\\0\\0\\012\\0\\0\\0\\0\\0\\0\\0ok\\033[2J\\n\\377!x'");
  EXPECT_THAT(text, HasSubstr("a.pdf: ok [2J \xEF\xBF\xBD!x"));
}

}  // namespace
}  // namespace recto
