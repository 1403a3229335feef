#include "base/error.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace recto {

const char* error_code_name(ErrorCode code) {
  switch (code) {
    case ErrorCode::kUsage:
      return "usage";
    case ErrorCode::kBadInput:
      return "bad_input";
    case ErrorCode::kNotFound:
      return "not_found";
    case ErrorCode::kMismatch:
      return "mismatch";
    case ErrorCode::kLimit:
      return "limit";
    case ErrorCode::kUnsupported:
      return "unsupported";
    case ErrorCode::kIo:
      return "io";
    case ErrorCode::kInterrupted:
      return "interrupted";
    case ErrorCode::kInternal:
      return "internal";
  }
  return "internal";
}

int exit_status(ErrorCode code) {
  if (code == ErrorCode::kUsage) return 2;
  if (code == ErrorCode::kInterrupted) return 130;
  return 1;
}

void fail_errno(int errno_value, const std::string& what) {
  const char* hint = "";
  ErrorCode code = ErrorCode::kIo;
  switch (errno_value) {
    case ENOENT:
      code = ErrorCode::kNotFound;
      break;
    case ENOSPC:
    case EDQUOT:
      hint = "; free some space or choose another place";
      break;
    case EFBIG:
      hint = "; the file would exceed the size limit of this process or file system";
      break;
    case EROFS:
    case EACCES:
    case EPERM:
      hint = "; choose a place you may write to or change its permissions";
      break;
    default:
      break;
  }
  fail(code, "{}: {}{}", what, std::strerror(errno_value), hint);
}

void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "recto: internal check failed: %s (%s:%d)\n", condition, file, line);
  std::abort();
}

}  // namespace recto
