#include "curate/office.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string>
#include <system_error>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "page/archive.h"
#include "page/child_process.h"
#include "page/program_sandbox.h"

namespace recto {
namespace fs = std::filesystem;

namespace {

/// Settings of a fresh profile: no macros, nothing loaded from elsewhere, no questions asked.
constexpr const char* kProfileSettings =
    R"(<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="DisableMacrosExecution" oor:op="fuse"><value>true</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="MacroSecurityLevel" oor:op="fuse"><value>3</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="BlockUntrustedRefererLinks" oor:op="fuse"><value>true</value></prop></item>
<item oor:path="/org.openoffice.Office.Writer/Content/Update"><prop oor:name="Link" oor:op="fuse"><value>0</value></prop></item>
<item oor:path="/org.openoffice.Office.Calc/Content/Update"><prop oor:name="Link" oor:op="fuse"><value>1</value></prop></item>
</oor:items>
)";

/// The folder of one conversion, removed at the end.
class Workshop {
 public:
  explicit Workshop(const fs::path& scratch) {
    static std::atomic<uint64_t> counter{0};
    path_ = fs::absolute(scratch) / fmt::format("office-{}-{}", ::getpid(), counter.fetch_add(1));
    make_directories(path_ / "profile" / "user");
    make_directories(path_ / "out");
    make_directories(path_ / "tmp");
    write_file(path_ / "profile" / "user" / "registrymodifications.xcu", kProfileSettings);
  }
  ~Workshop() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Workshop(const Workshop&) = delete;
  Workshop& operator=(const Workshop&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

const Descriptor& null_device() {
  static const Descriptor device(::open("/dev/null", O_RDWR | O_CLOEXEC));
  return device;
}

/// A file: URL; what a URL would read otherwise is escaped.
std::string file_url(const fs::path& path) {
  std::string url = "file://";
  for (const char c : path.string()) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = std::isalnum(byte) != 0 || c == '/' || c == '-' || c == '_' || c == '.';
    url += plain ? std::string(1, c) : fmt::format("%{:02X}", byte);
  }
  return url;
}

/// The program itself instead of the shell script and the starter around it: one process, which
/// ends with this one. Its folder is program/ of an installation.
struct Office {
  explicit Office(const fs::path& soffice) {
    std::error_code ignored;
    const fs::path real = fs::canonical(soffice, ignored);
    const fs::path binary = real.parent_path() / "soffice.bin";
    program = fs::exists(binary, ignored) ? binary : real;
    root = program.parent_path().parent_path();
  }
  fs::path program;
  fs::path root;
};

ChildProgram conversion(const Office& office, const fs::path& input, const fs::path& workshop,
                        const OfficeLimits& limits) {
  ChildProgram child;
  child.program = find_source_worker();
  child.arguments = {"office",
                     std::to_string(limits.max_memory_bytes),
                     std::to_string(limits.max_cpu_seconds),
                     std::to_string(limits.max_file_bytes),
                     std::to_string(::getpid()),
                     workshop.string(),
                     office.root.string(),
                     office.program.string(),
                     "-env:UserInstallation=" + file_url(workshop / "profile"),
                     "--nodefault",
                     "--nolockcheck",
                     "--convert-to",
                     "pdf",
                     "--outdir",
                     (workshop / "out").string(),
                     input.string()};
  child.environment = {"HOME=" + workshop.string(),
                       "TMPDIR=" + (workshop / "tmp").string(),
                       "LANG=C.UTF-8",
                       "LC_ALL=C.UTF-8",
                       "PATH=/usr/bin:/bin",
                       "SAL_USE_VCLPLUGIN=svp"};
  // Nothing to read, and nobody listens.
  child.descriptors = {{null_device().get(), 0}, {null_device().get(), 1}};
  return child;
}

/// Whether somebody listens at a local socket.
bool is_alive(const fs::path& path) {
  const Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name = path.string();
  if (name.size() >= sizeof(address.sun_path)) return true;
  name.copy(address.sun_path, name.size());
  return ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) ==
             0 ||
         errno != ECONNREFUSED;
}

/// LibreOffice makes a socket in /tmp, which its sandbox does not let it remove. One that nobody
/// listens at is of no use to anybody.
void remove_dead_sockets() {
  const std::string prefix = fmt::format("OSL_PIPE_{}_SingleOfficeIPC_", ::getuid());
  for (const char* directory : {"/tmp", "/var/tmp"}) {
    std::error_code error;
    for (fs::directory_iterator entry(directory, error), end; !error && entry != end;
         entry.increment(error)) {
      std::error_code ignored;
      const fs::path& path = entry->path();
      if (path.filename().string().starts_with(prefix) && entry->is_socket(ignored) &&
          !is_alive(path)) {
        fs::remove(path, ignored);
      }
    }
  }
}

class Conversion {
 public:
  Conversion(const ChildProgram& child, const OfficeLimits& limits)
      : limits_(limits), pid_(start_child(child)) {}
  ~Conversion() {
    if (pid_ >= 0) end_child(pid_);
    remove_dead_sockets();
  }
  Conversion(const Conversion&) = delete;
  Conversion& operator=(const Conversion&) = delete;

  /// Waits for its end; what it left behind is ended too.
  int wait() {
    const int64_t deadline = monotonic_ms() + int64_t{limits_.max_wall_seconds} * 1000;
    for (;;) {
      throw_if_interrupted();
      siginfo_t info{};
      if (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT | WNOHANG) != 0 ||
          info.si_pid != 0) {
        break;
      }
      if (monotonic_ms() > deadline) {
        fail(ErrorCode::kLimit,
             "LibreOffice took more than {} s to convert it and was ended; the file may be damaged "
             "or hostile",
             limits_.max_wall_seconds);
      }
      ::usleep(20'000);
    }
    const int status = end_child(std::exchange(pid_, -1));
    if (status != -1 && WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU) {
      fail(ErrorCode::kLimit,
           "LibreOffice took more than {} s of processor time to convert it and was ended; the "
           "file may be damaged or hostile",
           limits_.max_cpu_seconds);
    }
    return status;
  }

 private:
  const OfficeLimits& limits_;
  pid_t pid_;
};

void run_office(const Office& office, const fs::path& input, const fs::path& workshop,
                const OfficeLimits& limits) {
  constexpr int kMaxStarts = 3;
  // Asks to be started again once it has set up a fresh profile.
  constexpr int kStartAgain = 81;
  for (int start = 0; start < kMaxStarts; ++start) {
    const int status = Conversion(conversion(office, input, workshop, limits), limits).wait();
    if (status == -1 || !WIFEXITED(status)) return;
    if (WEXITSTATUS(status) == kExitNotConfined) {
      fail(ErrorCode::kUnsupported,
           "this system offers no Landlock or no seccomp, so an office file cannot be converted "
           "safely; use Linux 5.13 or newer, or convert it to PDF yourself");
    }
    if (WEXITSTATUS(status) == kExitNotStarted) {
      fail(ErrorCode::kIo, "cannot start {}", office.program.string());
    }
    if (WEXITSTATUS(status) != kStartAgain) return;
  }
}

bool is_program(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored) && ::access(path.c_str(), X_OK) == 0;
}

}  // namespace

fs::path find_soffice() {
  const char* path = std::getenv("PATH");
  std::string rest = path == nullptr ? "" : path;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find(':'), rest.size());
    const fs::path directory = rest.substr(0, end);
    rest.erase(0, end + 1);
    for (const char* name : {"soffice", "libreoffice"}) {
      if (directory.is_absolute() && is_program(directory / name)) return directory / name;
    }
  }
  for (const char* place :
       {"/usr/lib/libreoffice/program/soffice", "/opt/libreoffice/program/soffice"}) {
    if (is_program(place)) return place;
  }
  return {};
}

void convert_to_pdf(const fs::path& soffice, const fs::path& file, std::string_view ending,
                    const fs::path& target, const fs::path& scratch, const OfficeLimits& limits) {
  const Workshop workshop(scratch);
  const fs::path input = workshop.path() / ("input" + std::string(ending));
  std::error_code error;
  fs::copy_file(file, input, error);
  if (error) fail_errno(error.value(), "cannot copy " + file.string());
  run_office(Office(soffice), input, workshop.path(), limits);
  const fs::path result = workshop.path() / "out" / "input.pdf";
  if (fs::is_symlink(result, error) || !fs::is_regular_file(result, error)) {
    fail(ErrorCode::kBadInput,
         "LibreOffice could not convert it to PDF: it is damaged, encrypted, or of a kind whose "
         "part of LibreOffice is not installed");
  }
  fs::rename(result, target, error);
  if (error) fail_errno(error.value(), "cannot write " + target.string());
}

}  // namespace recto
