#pragma once
// What a page worker gives up before it looks at a byte of a document. Each layer stands on its
// own; together they leave arithmetic, memory, and the two descriptors to the parent.
//
//   resource limits   address space, no new descriptors, no files, no core dump, no processes
//   capabilities      none, also for root
//   no_new_privs      no set-user-id program helps
//   Landlock          no path of the file system, no TCP, no signals and abstract sockets outside
//   seccomp           a list of some 30 system calls; everything else is EPERM, as is memory that
//                     is both new and executable
//
// CPU and wall-clock time are limited by the parent, from outside (worker_process.h).

#include <cstdint>
#include <string>

namespace recto {

struct SandboxLayers {
  bool landlock = true;
  bool seccomp = true;
  int input = -1;  ///< a further descriptor that stays readable and seekable
};

struct SandboxStatus {
  int landlock_abi = 0;  ///< 0: the kernel has no Landlock, or it was not asked for
  bool seccomp = false;
};

/// Limits the address space of this process to `bytes`, and core dumps to nothing. (Not in builds
/// with a sanitizer, which needs terabytes of address space.)
void limit_memory(uint64_t bytes);

/// Enters the sandbox. Irreversible. A layer this kernel lacks is skipped and absent from the
/// result. Descriptor 0 stays readable, 1 writable; all others should be closed before.
SandboxStatus enter_sandbox(const SandboxLayers& layers = {});

/// The highest Landlock version of this kernel, 0 for none.
int landlock_abi();

}  // namespace recto
