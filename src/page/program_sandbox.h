#pragma once
// What LibreOffice is left with while it converts a file nobody vouches for. Less can be taken from
// a program of that size than from a page worker (sandbox.h): it starts threads, loads libraries
// and writes to its profile.
//
//   resource limits   address space, processor time, size of a file, no core dump
//   no_new_privs      no set-user-id program helps
//   Landlock          reads programs, libraries, fonts and their settings; writes to one folder;
//                     makes sockets in /tmp; no signals and abstract sockets outside
//   seccomp           no sockets but local ones, no io_uring, no look into other processes

#include <cstdint>
#include <filesystem>

namespace recto {

/// Exit statuses of recto-source-worker when it does not become the program.
inline constexpr int kExitNotConfined = 97;
inline constexpr int kExitNotStarted = 98;

struct ProgramLimits {
  uint64_t memory_bytes = 0;  ///< address space
  uint64_t cpu_seconds = 0;
  uint64_t file_bytes = 0;  ///< of each file it writes
};

/// Enters the sandbox; what this process executes inherits it. `program_root` is readable too.
/// False when the kernel lacks Landlock or seccomp: then nothing should be executed.
bool confine_program(const std::filesystem::path& program_root,
                     const std::filesystem::path& writable, const ProgramLimits& limits);

}  // namespace recto
