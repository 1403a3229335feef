#pragma once
// Arrow's Status and exceptions to recto::Error. Only the .cc files of this room include it.

#include <arrow/result.h>
#include <arrow/status.h>
#include <arrow/util/io_util.h>
#include <parquet/exception.h>

#include <filesystem>
#include <new>
#include <utility>

#include "base/error.h"
#include "base/file.h"

namespace recto {

/// Throws what `status` means for someone reading `path`.
inline void check_read(const arrow::Status& status, const std::filesystem::path& path) {
  if (status.ok()) return;
  if (const int code = arrow::internal::ErrnoFromStatus(status); code != 0) {
    fail_errno(code, fmt::format("cannot read {}", path.string()));
  }
  fail(ErrorCode::kBadInput, "{}: damaged or no Parquet file: {}", path.string(), status.message());
}

/// Throws what `status` means for someone writing `path`.
inline void check_write(const arrow::Status& status, const std::filesystem::path& path) {
  if (status.ok()) return;
  if (const int code = arrow::internal::ErrnoFromStatus(status); code != 0) {
    fail_errno(code, fmt::format("cannot write {}", final_path(path).string()));
  }
  fail(ErrorCode::kInternal, "writing {} failed: {}", final_path(path).string(), status.message());
}

/// Runs `action`, turning what Parquet throws about damaged bytes of `path` into Error(kBadInput).
template <typename Action>
auto guard_read(const std::filesystem::path& path, Action&& action) {
  try {
    return action();
  } catch (const Error&) {
    throw;
  } catch (const std::bad_alloc&) {
    fail(ErrorCode::kBadInput, "{}: damaged: it asks for more memory than there is", path.string());
  } catch (const parquet::ParquetStatusException& error) {
    check_read(error.status(), path);
    throw;
  } catch (const std::exception& error) {
    fail(ErrorCode::kBadInput, "{}: damaged or no Parquet file: {}", path.string(), error.what());
  }
}

}  // namespace recto
