// recto-page-worker: reads one document into memory, gives up every right, and answers questions
// about its pages (worker_protocol.h). Started by recto, never by hand.

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <memory>
#include <new>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "page/decode.h"
#include "page/pdf_document.h"
#include "page/pdfium_api.h"
#include "page/sandbox.h"
#include "page/sandbox_probe.h"
#include "page/sanitizer.h"
#include "page/worker_protocol.h"

namespace recto {
namespace {

constexpr int kRequests = 0;
constexpr int kAnswers = 1;

// ---- speaking with the parent

/// False at the end of the stream.
bool read_exactly(void* to, size_t size) {
  auto* bytes = static_cast<char*>(to);
  while (size > 0) {
    const ssize_t count = ::read(kRequests, bytes, size);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    bytes += count;
    size -= static_cast<size_t>(count);
  }
  return true;
}

bool read_request(Request& request) {
  uint32_t header[kRequestBytes / 4];
  if (!read_exactly(header, sizeof(header))) return false;
  if (header[0] != kRequestMagic || header[4] > kMaxRequestPayload) return false;
  request.kind = static_cast<RequestKind>(header[1]);
  request.page = static_cast<int32_t>(header[2]);
  request.argument = static_cast<int32_t>(header[3]);
  request.payload.resize(header[4]);
  return read_exactly(request.payload.data(), request.payload.size());
}

void write_all(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(kAnswers, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) ::_exit(0);  // the parent is gone
    bytes.remove_prefix(static_cast<size_t>(count));
  }
}

/// While a request is worked on, the end of the parent ends this process: nothing else can happen
/// on the socket then, so the signal of asynchronous input (SIGIO) means that; but for the signal
/// of the request itself, which the kernel may send only after the request has been read.
/// The kernel's own signal for this (PR_SET_PDEATHSIG) would come when the thread ends that started
/// the worker, which need not be the end of the program.
class EndWithParent {
 public:
  EndWithParent() {
    ::signal(SIGIO, end_when_readable);
    ::fcntl(kRequests, F_SETFL, O_ASYNC);
    // It may have ended before there was a signal to send.
    end_when_readable(SIGIO);
  }
  ~EndWithParent() { ::fcntl(kRequests, F_SETFL, 0); }
  EndWithParent(const EndWithParent&) = delete;
  EndWithParent& operator=(const EndWithParent&) = delete;

 private:
  static void end_when_readable(int /*signal*/) {
    const int before = errno;
    pollfd state{kRequests, POLLIN, 0};
    if (::poll(&state, 1, 0) != 0) ::_exit(0);
    errno = before;
  }
};

// ---- ending clearly

// PDFium aborts when it gets no memory. If even this small piece is refused, that was the reason.
void handle_crash(int signal) {
  constexpr size_t kProbeBytes = 32 << 20;
  void* memory = ::mmap(nullptr, kProbeBytes, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) ::_exit(kExitOutOfMemory);
  ::signal(signal, SIG_DFL);
  ::raise(signal);
}

void install_crash_handler() {
  static char stack[64 << 10];
  stack_t alternative{};
  alternative.ss_sp = stack;
  alternative.ss_size = sizeof(stack);
  ::sigaltstack(&alternative, nullptr);
  struct sigaction action{};
  action.sa_handler = handle_crash;
  action.sa_flags = SA_ONSTACK | SA_NODEFER;
  for (const int signal : {SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGABRT, SIGFPE}) {
    ::sigaction(signal, &action, nullptr);
  }
}

// ---- the document

/// The whole document in memory that is returned to nobody.
std::span<const std::byte> read_document(const std::string& name, uint64_t max_bytes) {
  struct stat info{};
  if (::fstat(kDocumentDescriptor, &info) != 0) fail(ErrorCode::kInternal, "{}: no file", name);
  const auto size = static_cast<uint64_t>(info.st_size);
  if (size == 0) fail(ErrorCode::kBadInput, "{}: the file is empty", name);
  if (size > max_bytes) {
    fail(ErrorCode::kLimit, "{}: the file has {} bytes, but at most {} are accepted", name, size,
         max_bytes);
  }
  void* memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  auto* bytes = static_cast<std::byte*>(memory);
  size_t done = 0;
  while (done < size) {
    const ssize_t count =
        ::pread(kDocumentDescriptor, bytes + done, size - done, static_cast<off_t>(done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail_errno(errno, "cannot read " + name);
    if (count == 0) break;  // it became shorter meanwhile
    done += static_cast<size_t>(count);
  }
  return {bytes, done};
}

// PDF readers accept bytes before the header, of which ISO 32000 says it is within 1,024 bytes.
bool looks_like_pdf(std::span<const std::byte> bytes) {
  return as_text(bytes.first(std::min<size_t>(bytes.size(), 1024))).find("%PDF-") !=
         std::string_view::npos;
}

std::span<uint8_t> map_pixels(const ImageLimits& limits) {
  const size_t size = pixel_buffer_bytes(limits);
  void* memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, kPixelsDescriptor, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  return {static_cast<uint8_t*>(memory), size};
}

class Worker {
 public:
  /// The payload of the answer.
  std::string handle(const Request& request) {
    switch (request.kind) {
      case RequestKind::kOpen:
        return open(request);
      case RequestKind::kRender:
        return render(request);
      case RequestKind::kText:
        return text(request);
      case RequestKind::kProbe:
        return probe(request.argument);
    }
    fail(ErrorCode::kInternal, "unknown request");
  }

 private:
  std::string open(const Request& request) {
    if (opened_) fail(ErrorCode::kInternal, "a document is open already");
    opened_ = true;
    const OpenRequest open = decode_open_request(request.payload);
    name_ = open.name;
    limits_ = open.limits;
    limit_memory(limits_.max_memory_bytes);
    bytes_ = read_document(name_, limits_.max_file_bytes);
    pixels_ = map_pixels(limits_.image);
    const bool image = !image_format(bytes_).empty();
    if (!image && !looks_like_pdf(bytes_)) {
      fail(ErrorCode::kBadInput,
           "{}: neither a PDF nor an image that recto reads (JPEG, PNG, WebP, GIF)", name_);
    }
    const PdfiumApi* pdfium = image ? nullptr : &load_pdfium(find_pdfium());
    lock();
    OpenAnswer description{false, 1, "", "", {}};
    if (!image) {
      pdf_ = std::make_unique<PdfDocument>(*pdfium, bytes_, name_, limits_);
      description = pdf_->describe();
    }
    return encode(description);
  }

  // From here on there is nothing to win in this process.
  void lock() {
    ::close(kDocumentDescriptor);
    ::close(kPixelsDescriptor);
    const SandboxStatus status = enter_sandbox();
    if (status.landlock_abi == 0 && !status.seccomp) {
      fail(ErrorCode::kUnsupported,
           "{}: this system offers neither Landlock nor seccomp, so the file cannot be opened "
           "safely; use Linux 5.13 or newer, or a container that allows seccomp",
           name_);
    }
  }

  std::string render(const Request& request) {
    if (pdf_) return encode(pdf_->render(request.page, request.argument, pixels_));
    const Image image = decode_image(bytes_, name_, limits_.image);
    std::copy(image.rgb.begin(), image.rgb.end(), pixels_.begin());
    return encode(RenderAnswer{image.width, image.height});
  }

  std::string text(const Request& request) {
    const std::string payload = encode(pdf_ ? pdf_->text(request.page) : PageText{});
    if (payload.size() > kMaxAnswerPayload) {
      fail(ErrorCode::kLimit, "{}: the text of page {} has more than {} bytes", name_, request.page,
           kMaxAnswerPayload);
    }
    return payload;
  }

  std::string probe(int32_t flags) {
    ProbeAnswer result;
    result.pdfium_path = find_pdfium();
    try {
      load_pdfium(result.pdfium_path);
      result.pdfium = true;
    } catch (const Error& error) {
      result.pdfium_path = error.what();
    }
    SandboxLayers layers;
    layers.landlock = (flags & kProbeWithoutLandlock) == 0;
    layers.seccomp = (flags & kProbeWithoutSeccomp) == 0;
    const SandboxStatus status = enter_sandbox(layers);
    result.landlock_abi = status.landlock_abi;
    result.seccomp = status.seccomp;
    result.attempts = probe_sandbox();
    return encode(result);
  }

  bool opened_ = false;
  std::string name_;
  PageLimits limits_;
  std::span<const std::byte> bytes_;
  std::span<uint8_t> pixels_;
  std::unique_ptr<PdfDocument> pdf_;
};

struct Outcome {
  uint32_t status = 0;
  std::string payload;
};

Outcome work_on(Worker& worker, const Request& request) {
  const EndWithParent guard;
  try {
    return {0, worker.handle(request)};
  } catch (const Error& error) {
    return {status_of(error.code()), error.what()};
  } catch (const std::bad_alloc&) {
    ::_exit(kExitOutOfMemory);
  } catch (const std::exception& error) {
    return {status_of(ErrorCode::kInternal), error.what()};
  }
}

void prepare() {
  ::syscall(SYS_close_range, kPixelsDescriptor + 1, ~0u, 0);
  [[maybe_unused]] const int ignored = ::chdir("/");
  ::fcntl(kRequests, F_SETOWN, ::getpid());
  if (!kSanitized) install_crash_handler();
}

int run() {
  prepare();
  Worker worker;
  Request request;
  while (read_request(request)) {
    const Outcome outcome = work_on(worker, request);
    write_all(answer_header(outcome.status, outcome.payload.size()));
    write_all(outcome.payload);
  }
  // Without destructors: the sandbox leaves little that they could do.
  ::_exit(0);
}

}  // namespace
}  // namespace recto

int main(int argc, char**) {
  if (argc != 1 || ::fcntl(recto::kRequests, F_GETFD) < 0 || ::isatty(recto::kRequests) != 0) {
    std::fprintf(stderr, "recto-page-worker is started by recto\n");
    return 2;
  }
  return recto::run();
}
