#include "curate/ocr.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <utility>

#include "base/error.h"
#include "base/interrupt.h"
#include "page/child_process.h"

namespace recto {
namespace fs = std::filesystem;

namespace {

constexpr size_t kMaxAnswer = size_t{64} << 20;
// A page of A4, 11.7 inches long, is the guess where a picture does not say how large it was.
constexpr double kPageInches = 11.7;

fs::path find_on_path(const char* name) {
  const char* path = std::getenv("PATH");
  std::string_view rest = path == nullptr ? "" : path;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find(':'), rest.size());
    const fs::path directory(rest.substr(0, end));
    rest.remove_prefix(std::min(rest.size(), end + 1));
    std::error_code ignored;
    if (!directory.is_absolute()) continue;
    const fs::path program = directory / name;
    if (::access(program.c_str(), X_OK) == 0 && fs::is_regular_file(program, ignored)) {
      return program;
    }
  }
  return {};
}

/// A picture as Tesseract reads it from standard input: PPM, without an encoder's time.
Descriptor picture_file(const Image& image) {
  Descriptor file =
      out_of_the_way(::memfd_create("recto-page", MFD_CLOEXEC), "cannot make shared memory");
  std::string bytes = fmt::format("P6\n{} {}\n255\n", image.width, image.height);
  bytes.append(image.rgb.begin(), image.rgb.end());
  for (std::string_view rest = bytes; !rest.empty();) {
    const ssize_t count = ::write(file.get(), rest.data(), rest.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) fail_errno(errno, "cannot write a picture to shared memory");
    rest.remove_prefix(static_cast<size_t>(count));
  }
  if (::lseek(file.get(), 0, SEEK_SET) != 0) fail_errno(errno, "cannot read shared memory");
  return file;
}

/// One run of the program. Whatever happens, its process group is dead in the end.
class Run {
 public:
  /// `input` is its standard input.
  Run(const fs::path& program, std::vector<std::string> arguments, int input,
      const OcrLimits& limits)
      : limits_(limits) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) fail_errno(errno, "cannot make a pipe for tesseract");
    output_ = Descriptor(ends[0]);
    const Descriptor childs = out_of_the_way(ends[1], "cannot make a pipe for tesseract");
    ChildProgram child;
    child.program = program;
    child.arguments = std::move(arguments);
    child.environment = inherited_variables({"PATH", "LD_LIBRARY_PATH", "TESSDATA_PREFIX"});
    child.environment.insert(child.environment.end(),
                             {"OMP_THREAD_LIMIT=1", "LC_ALL=C", "HOME=/nonexistent"});
    child.descriptors = {{input, 0}, {childs.get(), 1}};
    pid_ = start_child(child);
    limit(RLIMIT_AS, limits.max_memory_bytes);
    limit(RLIMIT_CPU, static_cast<rlim_t>(limits.max_cpu_seconds));
    limit(RLIMIT_CORE, 0);
  }
  ~Run() {
    if (pid_ >= 0) end_child(pid_);
  }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  /// What it writes until it ends; throws when that takes too long, is too much or ends badly.
  std::string answer() {
    constexpr int64_t kSliceMs = 200;  // how long a signal can go unnoticed
    const int64_t deadline = monotonic_ms() + int64_t{limits_.max_wall_seconds} * 1000;
    std::string answer;
    std::string buffer(size_t{64} << 10, '\0');
    for (;;) {
      throw_if_interrupted();
      const int64_t left = deadline - monotonic_ms();
      if (left <= 0) fail_as_slow("", limits_.max_wall_seconds);
      pollfd ready{output_.get(), POLLIN, 0};
      if (::poll(&ready, 1, static_cast<int>(std::min(left, kSliceMs))) <= 0) continue;
      const ssize_t count = ::read(output_.get(), buffer.data(), buffer.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) fail_errno(errno, "cannot read what tesseract writes");
      if (count == 0) break;
      answer.append(buffer.data(), static_cast<size_t>(count));
      if (answer.size() > kMaxAnswer) {
        fail(ErrorCode::kLimit, "tesseract wrote more than {} MiB and was ended", kMaxAnswer >> 20);
      }
    }
    check(reap_child(std::exchange(pid_, -1)));
    return answer;
  }

 private:
  void limit(__rlimit_resource resource, rlim_t value) {
    const rlimit both{value, value};
    ::prlimit(pid_, resource, &both, nullptr);
  }

  [[noreturn]] static void fail_as_slow(const char* kind, int seconds) {
    fail(ErrorCode::kLimit, "tesseract took more than {} s{} for a page and was ended", seconds,
         kind);
  }

  void check(int status) const {
    if (status == -1 || (WIFEXITED(status) && WEXITSTATUS(status) == 0)) return;
    const int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    if (signal == SIGXCPU || signal == SIGKILL) {
      fail_as_slow(" of processor time", limits_.max_cpu_seconds);
    }
    if (signal == SIGABRT) {
      fail(ErrorCode::kLimit, "tesseract gave up; perhaps a page needs more than {} MiB of memory",
           limits_.max_memory_bytes >> 20);
    }
    fail(ErrorCode::kBadInput, "tesseract ended with {} {}", signal != 0 ? "signal" : "status",
         signal != 0 ? signal : WEXITSTATUS(status));
  }

  const OcrLimits limits_;
  Descriptor output_;
  pid_t pid_ = -1;
};

std::string ask(const fs::path& program, const char* question) {
  const Descriptor nothing =
      out_of_the_way(::open("/dev/null", O_RDONLY | O_CLOEXEC), "cannot open /dev/null");
  return Run(program, {question}, nothing.get(), {20, 20, uint64_t{2} << 30}).answer();
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

/// "tesseract 5.3.0" in the first line.
std::string version_of(const std::string& answer) {
  const std::vector<std::string> lines = lines_of(answer);
  if (lines.empty() || !lines[0].starts_with("tesseract ")) return "";
  return lines[0].substr(std::string_view("tesseract ").size());
}

/// One a line, below a title that ends in a colon.
std::vector<std::string> packs_of(const std::string& answer) {
  std::vector<std::string> packs = lines_of(answer);
  std::erase_if(packs, [](const std::string& line) {
    return line.empty() || line.find_first_of(": \t") != std::string::npos;
  });
  std::sort(packs.begin(), packs.end());
  return packs;
}

}  // namespace

std::optional<OcrProgram> find_ocr() {
  OcrProgram found;
  found.path = find_on_path("tesseract");
  if (found.path.empty()) return std::nullopt;
  try {
    found.version = version_of(ask(found.path, "--version"));
    found.packs = packs_of(ask(found.path, "--list-langs"));
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kInterrupted) throw;
    return std::nullopt;
  }
  if (found.version.empty()) return std::nullopt;
  return found;
}

std::string ocr_missing_message() {
  return "tesseract is not on the PATH or does not run; install it with the packs of your "
         "languages "
         "(on Debian: apt install tesseract-ocr tesseract-ocr-deu)";
}

PageText read_by_ocr(const OcrProgram& program, const Image& image, const std::string& packs,
                     const OcrLimits& limits) {
  RECTO_CHECK(image.width >= 1 && image.height >= 1 && !packs.empty());
  const Descriptor picture = picture_file(image);
  const int longest = std::max(image.width, image.height);
  const int dpi = std::clamp(static_cast<int>(longest / kPageInches), 70, 600);
  const std::string table =
      Run(program.path,
          {"stdin", "stdout", "-l", packs, "--dpi", std::to_string(dpi), "--psm", "3", "tsv"},
          picture.get(), limits)
          .answer();
  return parse_ocr_table(table, image.width, image.height);
}

OcrAttempt try_ocr(const OcrProgram& program, const Image& image, const std::string& language) {
  OcrAttempt attempt;
  const std::string packs = ocr_packs(program, language);
  attempt.without_pack = packs.empty();
  if (attempt.without_pack) {
    attempt.problem = fmt::format("no OCR for the language {}", language);
    return attempt;
  }
  try {
    attempt.text = read_by_ocr(program, image, packs);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kInterrupted || error.code() == ErrorCode::kIo) throw;
    attempt.problem = error.code() == ErrorCode::kLimit ? "OCR exceeded its limits" : "OCR failed";
  }
  return attempt;
}

}  // namespace recto
