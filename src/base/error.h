#pragma once
// The one exception type of recto. Errors are caught at the edges only: the command line turns
// them into an exit code, the server into a status.

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <utility>

namespace recto {

enum class ErrorCode {
  kUsage,        ///< the caller asked for something that cannot be meant (exit code 2)
  kBadInput,     ///< a file or value from outside is not what it should be
  kNotFound,     ///< a named file, directory, tensor or id does not exist
  kMismatch,     ///< two things that must agree do not (contract, weights, dimensions)
  kLimit,        ///< an input exceeds a stated limit
  kUnsupported,  ///< well formed, but not something recto or this machine can do
  kIo,           ///< the operating system refused to read or write
  kInterrupted,  ///< SIGINT or SIGTERM arrived (exit code 130)
  kInternal,     ///< a part of recto failed that should not have
};

/// Stable lower-case name of a code, for JSON output: "bad_input", "not_found", ...
const char* error_code_name(ErrorCode code);

/// Exit status of a program that ends with this error: 2 for usage, 130 for interrupted, else 1.
int exit_status(ErrorCode code);

/// What went wrong, in a sentence that names the file or field, what was found, what was wanted
/// and what to do next.
class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  ErrorCode code() const { return code_; }

 private:
  ErrorCode code_;
};

/// Throws Error with a formatted message.
template <typename... Args>
[[noreturn]] void fail(ErrorCode code, fmt::format_string<Args...> format, Args&&... args) {
  throw Error(code, fmt::format(format, std::forward<Args>(args)...));
}

/// Throws Error(kIo) naming `what` (an action and a path) and the text of `errno_value`; a full
/// disk and a read-only place get a hint of what to do.
[[noreturn]] void fail_errno(int errno_value, const std::string& what);

[[noreturn]] void check_failed(const char* condition, const char* file, int line);

}  // namespace recto

/// Aborts when a promise inside recto is broken. For bad input use recto::fail.
#define RECTO_CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::recto::check_failed(#condition, __FILE__, __LINE__))
