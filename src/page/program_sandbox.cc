#include "page/program_sandbox.h"

#include <fcntl.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "page/sandbox.h"
#include "page/sanitizer.h"

namespace recto {
namespace fs = std::filesystem;

namespace {

constexpr long kLandlockCreateRuleset = 444;
constexpr long kLandlockAddRule = 445;
constexpr long kLandlockRestrictSelf = 446;
constexpr int kPathBeneath = 1;

// Debian's linux/landlock.h knows the first version only.
struct LandlockRuleset {
  uint64_t handled_access_fs;
  uint64_t handled_access_net;
  uint64_t scoped;
};
struct __attribute__((packed)) LandlockPath {
  uint64_t allowed_access;
  int32_t parent_fd;
};

constexpr uint64_t kExecute = 1 << 0;
constexpr uint64_t kWriteFile = 1 << 1;
constexpr uint64_t kReadFile = 1 << 2;
constexpr uint64_t kReadDirectory = 1 << 3;
constexpr uint64_t kRead = kExecute | kReadFile | kReadDirectory;
constexpr uint64_t kMakeSocket = 1 << 9;
constexpr uint64_t kTruncate = 1 << 14;
/// Of what a file that is no directory can be allowed.
constexpr uint64_t kFileAccess = kExecute | kWriteFile | kReadFile | kTruncate;

constexpr const char* kReadable[] = {"/usr",
                                     "/lib",
                                     "/lib64",
                                     "/etc/alternatives",
                                     "/etc/fonts",
                                     "/etc/group",
                                     "/etc/java",
                                     "/etc/ld.so.cache",
                                     "/etc/ld.so.conf",
                                     "/etc/ld.so.conf.d",
                                     "/etc/libreoffice",
                                     "/etc/locale.alias",
                                     "/etc/localtime",
                                     "/etc/nsswitch.conf",
                                     "/etc/papersize",
                                     "/etc/passwd",
                                     "/var/cache/fontconfig",
                                     "/var/lib/libreoffice",
                                     "/var/spool/libreoffice"};

uint64_t handled_access(int abi) {
  uint64_t access = (uint64_t{1} << 13) - 1;
  if (abi >= 2) access |= uint64_t{1} << 13;  // moving between directories
  if (abi >= 3) access |= kTruncate;
  return access;
}

void allow(long ruleset, const fs::path& path, uint64_t access) {
  const int fd = ::open(path.c_str(), O_PATH | O_CLOEXEC);
  if (fd < 0) return;
  std::error_code ignored;
  if (!fs::is_directory(path, ignored)) access &= kFileAccess;
  const LandlockPath rule{access, fd};
  ::syscall(kLandlockAddRule, ruleset, kPathBeneath, &rule, 0);
  ::close(fd);
}

bool restrict_files(const fs::path& program_root, const fs::path& writable) {
  const int abi = landlock_abi();
  if (abi == 0) return false;
  const uint64_t all = handled_access(abi);
  LandlockRuleset ruleset{all, 0, 0};
  if (abi >= 6) ruleset.scoped = 3;  // abstract sockets, signals
  const long fd = ::syscall(kLandlockCreateRuleset, &ruleset, abi >= 6 ? 24 : abi >= 4 ? 16 : 8, 0);
  if (fd < 0) return false;
  for (const char* path : kReadable) allow(fd, path, kRead);
  allow(fd, program_root, kRead);
  allow(fd, writable, all & ~kExecute);
  // LibreOffice listens there for later starts of itself, and gives up when it cannot.
  for (const char* path : {"/tmp", "/var/tmp"}) allow(fd, path, kMakeSocket);
  for (const char* path : {"/dev/null", "/dev/zero"}) allow(fd, path, all);
  for (const char* path : {"/dev/random", "/dev/urandom"}) allow(fd, path, kRead);
  const bool done = ::syscall(kLandlockRestrictSelf, fd, 0) == 0;
  ::close(static_cast<int>(fd));
  return done;
}

/// Everything but what leads out of the machine or into other processes.
bool restrict_calls() {
  const scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
  if (filter == nullptr) return false;
  constexpr uint32_t kRefuse = SCMP_ACT_ERRNO(EACCES);
  int failed =
      seccomp_rule_add(filter, kRefuse, SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_NE, AF_UNIX));
  for (const int call : {SCMP_SYS(io_uring_setup), SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv),
                         SCMP_SYS(process_vm_writev), SCMP_SYS(pidfd_getfd), SCMP_SYS(mount),
                         SCMP_SYS(unshare), SCMP_SYS(setns), SCMP_SYS(keyctl), SCMP_SYS(bpf)}) {
    failed |= seccomp_rule_add(filter, kRefuse, call, 0);
  }
  const bool done = failed == 0 && seccomp_load(filter) == 0;
  seccomp_release(filter);
  return done;
}

void limit(int resource, uint64_t value) {
  const rlimit both{value, value};
  ::setrlimit(static_cast<__rlimit_resource_t>(resource), &both);
}

}  // namespace

bool confine_program(const fs::path& program_root, const fs::path& writable,
                     const ProgramLimits& limits) {
  limit(RLIMIT_CORE, 0);
  // A sanitizer needs terabytes of it.
  if (!kSanitized) limit(RLIMIT_AS, limits.memory_bytes);
  const rlimit cpu{limits.cpu_seconds, limits.cpu_seconds + 1};
  ::setrlimit(RLIMIT_CPU, &cpu);
  limit(RLIMIT_FSIZE, limits.file_bytes);
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  return restrict_files(program_root, writable) && restrict_calls();
}

}  // namespace recto
