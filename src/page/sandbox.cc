#include "page/sandbox.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "page/sanitizer.h"

namespace recto {
namespace {

// Debian's linux/landlock.h knows the first version only. These are version 6 (Linux 6.12).
struct LandlockRuleset {
  uint64_t handled_access_fs;
  uint64_t handled_access_net;  // from version 4
  uint64_t scoped;              // from version 6
};
constexpr long kLandlockCreateRuleset = 444;
constexpr long kLandlockRestrictSelf = 446;
constexpr uint32_t kLandlockVersion = 1;

void limit(int resource, uint64_t value) {
  const rlimit both{value, value};
  ::setrlimit(static_cast<__rlimit_resource_t>(resource), &both);
}

void limit_resources() {
  limit(RLIMIT_NOFILE, 5);
  limit(RLIMIT_NPROC, 0);
  // No file can grow. Shared memory is written through a mapping and a pipe is no file, so neither
  // is concerned.
  limit(RLIMIT_FSIZE, 0);
}

void drop_capabilities() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {};
  ::syscall(SYS_capset, &header, none);
}

// Handles every kind of access the kernel knows, and allows none of it anywhere.
bool restrict_with_landlock(int abi) {
  LandlockRuleset ruleset{(uint64_t{1} << 13) - 1, 0, 0};
  if (abi >= 2) ruleset.handled_access_fs |= uint64_t{1} << 13;  // moving between directories
  if (abi >= 3) ruleset.handled_access_fs |= uint64_t{1} << 14;  // truncating
  if (abi >= 5) ruleset.handled_access_fs |= uint64_t{1} << 15;  // device ioctl
  if (abi >= 4) ruleset.handled_access_net = 3;                  // TCP bind and connect
  if (abi >= 6) ruleset.scoped = 3;                              // abstract sockets, signals
  const size_t size = abi >= 6 ? 24 : abi >= 4 ? 16 : 8;
  const long fd = ::syscall(kLandlockCreateRuleset, &ruleset, size, 0);
  if (fd < 0) return false;
  const bool done = ::syscall(kLandlockRestrictSelf, fd, 0) == 0;
  ::close(static_cast<int>(fd));
  return done;
}

// The system calls that computing, allocating and answering take.
constexpr int kAllowed[] = {
    SCMP_SYS(brk),           SCMP_SYS(munmap),         SCMP_SYS(mremap),
    SCMP_SYS(madvise),       SCMP_SYS(futex),          SCMP_SYS(exit),
    SCMP_SYS(exit_group),    SCMP_SYS(rt_sigreturn),   SCMP_SYS(rt_sigaction),
    SCMP_SYS(sigaltstack),   SCMP_SYS(getpid),         SCMP_SYS(gettid),
    SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday),   SCMP_SYS(time),
    SCMP_SYS(sched_yield),   SCMP_SYS(getrandom),      SCMP_SYS(restart_syscall),
    SCMP_SYS(close),         SCMP_SYS(rt_sigprocmask), SCMP_SYS(poll)};

bool add_rules(scmp_filter_ctx filter, int input) {
  int failed = 0;
  for (const int call : kAllowed) failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0);
  const auto allow = [&](int call, const scmp_arg_cmp& condition) {
    failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 1, condition);
  };
  allow(SCMP_SYS(read), SCMP_A0(SCMP_CMP_EQ, 0));
  allow(SCMP_SYS(fcntl), SCMP_A0(SCMP_CMP_EQ, 0));
  allow(SCMP_SYS(write), SCMP_A0(SCMP_CMP_EQ, 1));
  if (input > 0) {
    const auto descriptor = static_cast<scmp_datum_t>(input);
    allow(SCMP_SYS(read), SCMP_A0(SCMP_CMP_EQ, descriptor));
    allow(SCMP_SYS(lseek), SCMP_A0(SCMP_CMP_EQ, descriptor));
  }
  if (kSanitized) allow(SCMP_SYS(write), SCMP_A0(SCMP_CMP_EQ, 2));
  allow(SCMP_SYS(mmap), SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
  allow(SCMP_SYS(mprotect), SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
  // abort() signals the process itself.
  allow(SCMP_SYS(tgkill), SCMP_A0(SCMP_CMP_EQ, static_cast<scmp_datum_t>(::getpid())));
  return failed == 0;
}

bool restrict_with_seccomp(int input) {
  const scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
  if (filter == nullptr) return false;
  const bool done = add_rules(filter, input) && seccomp_load(filter) == 0;
  seccomp_release(filter);
  return done;
}

}  // namespace

int landlock_abi() {
  const long version = ::syscall(kLandlockCreateRuleset, nullptr, 0, kLandlockVersion);
  return version > 0 ? static_cast<int>(version) : 0;
}

void limit_memory(uint64_t bytes) {
  limit(RLIMIT_CORE, 0);
  if (!kSanitized) limit(RLIMIT_AS, bytes);
}

SandboxStatus enter_sandbox(const SandboxLayers& layers) {
  SandboxStatus status;
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  const int abi = layers.landlock ? landlock_abi() : 0;
  if (abi > 0 && restrict_with_landlock(abi)) status.landlock_abi = abi;
  drop_capabilities();
  limit_resources();
  if (layers.seccomp) status.seccomp = restrict_with_seccomp(layers.input);
  return status;
}

}  // namespace recto
