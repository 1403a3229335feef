#include "learn/metrics_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <sstream>

#include "base/error.h"
#include "base/file.h"

namespace recto {
namespace fs = std::filesystem;
namespace {

/// The lines up to `last_step`. A line cut off in the middle is dropped too.
std::string kept_lines(const fs::path& path, int64_t last_step) {
  std::istringstream lines(read_file(path));
  std::string kept;
  for (std::string line; std::getline(lines, line);) {
    const Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (json.is_object() && json.value("step", int64_t{0}) <= last_step) kept += line + "\n";
  }
  return kept;
}

}  // namespace

MetricsLog::MetricsLog(fs::path path, int64_t last_step) : path_(std::move(path)) {
  if (fs::exists(path_)) write_file(path_, kept_lines(path_, last_step));
  fd_ = ::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  if (fd_ < 0) fail_errno(errno, "cannot write " + path_.string());
}

MetricsLog::~MetricsLog() {
  if (fd_ >= 0) ::close(fd_);
}

void MetricsLog::add(const Json& line) {
  const std::string text = dump_json(line) + "\n";
  size_t done = 0;
  while (done < text.size()) {
    const ssize_t n = ::write(fd_, text.data() + done, text.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail_errno(errno, "cannot write " + path_.string());
    done += static_cast<size_t>(n);
  }
}

}  // namespace recto
