#include "page/reader.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <type_traits>
#include <utility>

#include "base/error.h"
#include "base/utf8.h"
#include "page/sandbox.h"
#include "page/worker_process.h"
#include "page/worker_protocol.h"

namespace recto {
namespace fs = std::filesystem;

namespace {

void check_size(uint64_t bytes, const std::string& name, const PageLimits& limits) {
  if (bytes == 0) fail(ErrorCode::kBadInput, "{}: the file is empty", name);
  if (bytes <= limits.max_file_bytes) return;
  fail(ErrorCode::kLimit, "{}: the file has {} bytes, but at most {} are accepted", name, bytes,
       limits.max_file_bytes);
}

Descriptor open_document(const fs::path& path, const PageLimits& limits) {
  // O_NONBLOCK: a named pipe must be refused, not waited for.
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) fail_errno(errno, "cannot open " + path.string());
  struct stat info{};
  if (::fstat(file.get(), &info) != 0) fail_errno(errno, "cannot read " + path.string());
  if (!S_ISREG(info.st_mode)) {
    fail(ErrorCode::kBadInput, "{}: not a regular file", path.string());
  }
  check_size(static_cast<uint64_t>(info.st_size), path.string(), limits);
  return file;
}

/// A file without a name, in memory.
Descriptor hold_document(std::string_view bytes, const std::string& name,
                         const PageLimits& limits) {
  check_size(bytes.size(), name, limits);
  Descriptor file(::memfd_create("recto-document", MFD_CLOEXEC));
  if (file.get() < 0) fail_errno(errno, "cannot hold " + name + " in memory");
  while (!bytes.empty()) {
    const ssize_t count = ::write(file.get(), bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) fail_errno(errno, "cannot hold " + name + " in memory");
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  return file;
}

/// A path as it is put into messages: short enough for a request, and UTF-8.
std::string display_name(const fs::path& path) {
  constexpr size_t kMaxBytes = 4096;
  std::string name = path.string();
  if (name.size() > kMaxBytes) name = "..." + name.substr(name.size() - kMaxBytes);
  return replace_invalid_utf8(name);
}

}  // namespace

struct Document::State {
  State(const fs::path& p, const PageLimits& l, Descriptor f)
      : path(p), name(display_name(p)), limits(l), file(std::move(f)) {
    info = start();
  }

  // A worker that has the document open.
  OpenAnswer start() {
    worker.reset();
    worker = std::make_unique<WorkerProcess>(file.get(), name, limits);
    Request request;
    request.kind = RequestKind::kOpen;
    request.payload = encode(OpenRequest{limits, name});
    return ask(request,
               [&](const std::string& payload) { return decode_open_answer(payload, limits); });
  }

  template <typename Decode>
  std::invoke_result_t<Decode, const std::string&> ask(const Request& request, Decode decode) {
    const std::string payload = worker->ask(request);
    try {
      return decode(payload);
    } catch (const Error& error) {
      worker->fail_as_hostile(error.what());
    }
  }

  /// Asks about a page, of a new worker when the last one died of another page.
  template <typename Decode>
  std::invoke_result_t<Decode, const std::string&> ask_about(RequestKind kind, int number,
                                                             int argument, Decode decode) {
    if (number < 1 || number > info.page_count) {
      fail(ErrorCode::kBadInput, "{}: there is no page {}; the document has {}, counted from 1",
           name, number, info.page_count);
    }
    if (!worker || !worker->alive()) start();
    Request request;
    request.kind = kind;
    request.page = number;
    request.argument = argument;
    return ask(request, decode);
  }

  fs::path path;
  std::string name;
  PageLimits limits;
  Descriptor file;
  std::unique_ptr<WorkerProcess> worker;
  OpenAnswer info;
};

Document::Document(const fs::path& path, const PageLimits& limits)
    : state_(std::make_unique<State>(path, limits, open_document(path, limits))) {}
Document::Document(std::string_view bytes, const std::string& name, const PageLimits& limits)
    : state_(std::make_unique<State>(name, limits, hold_document(bytes, name, limits))) {}
Document::~Document() = default;
Document::Document(Document&&) noexcept = default;
Document& Document::operator=(Document&&) noexcept = default;

const fs::path& Document::path() const { return state_->path; }
bool Document::is_pdf() const { return state_->info.is_pdf; }
int Document::page_count() const { return state_->info.page_count; }
const std::string& Document::title() const { return state_->info.title; }
const std::string& Document::producer() const { return state_->info.producer; }
const std::vector<OutlineEntry>& Document::outline() const { return state_->info.outline; }

Image Document::render(int number, int longest_edge) {
  if (is_pdf() && longest_edge < 1) {
    fail(ErrorCode::kUsage, "{}: a page cannot be rendered {} pixels long", state_->name,
         longest_edge);
  }
  const RenderAnswer size = state_->ask_about(
      RequestKind::kRender, number, longest_edge, [&](const std::string& payload) {
        return decode_render_answer(payload, state_->limits.image);
      });
  const auto bytes = static_cast<size_t>(size.width) * static_cast<size_t>(size.height) * 3;
  const auto pixels = state_->worker->pixels().first(bytes);
  return {size.width, size.height, {pixels.begin(), pixels.end()}};
}

PageText Document::text(int number) {
  return state_->ask_about(RequestKind::kText, number, 0, decode_text_answer);
}

namespace {

Image only_image(Document document) {
  if (document.is_pdf()) {
    fail(ErrorCode::kBadInput, "{}: a PDF, where an image is wanted", document.path().string());
  }
  return document.render(1, 0);
}

}  // namespace

Image read_image(const fs::path& path, const PageLimits& limits) {
  return only_image(Document(path, limits));
}

Image read_image(std::string_view bytes, const std::string& name, const PageLimits& limits) {
  return only_image(Document(bytes, name, limits));
}

SandboxReport sandbox_report() {
  SandboxReport report;
  report.landlock_abi = landlock_abi();
  report.worker_path = find_page_worker().string();
  try {
    WorkerProcess worker(-1, "sandbox probe", {});
    Request request;
    request.kind = RequestKind::kProbe;
    const ProbeAnswer answer = decode_probe_answer(worker.ask(request));
    report.landlock = answer.landlock_abi > 0;
    report.seccomp = answer.seccomp;
    report.pdfium = answer.pdfium;
    if (answer.pdfium) report.pdfium_path = answer.pdfium_path;
    if (!answer.pdfium) report.problem = answer.pdfium_path;
    for (const auto& attempt : answer.attempts) {
      if (attempt.error == 0) report.problem = "a page worker could " + attempt.what;
    }
  } catch (const Error& error) {
    report.problem = error.what();
  }
  if (report.problem.empty() && !report.landlock) {
    report.problem = "this kernel has no Landlock (Linux 5.13 or newer has); seccomp alone stands";
  } else if (report.problem.empty() && !report.seccomp) {
    report.problem = "seccomp filters are not available; Landlock alone stands";
  }
  return report;
}

}  // namespace recto
