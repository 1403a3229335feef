#pragma once
// The parent's side of one page worker: starting it, asking it, and ending it.

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "page/child_process.h"
#include "page/reader.h"
#include "page/worker_protocol.h"

namespace recto {

/// The worker program: $RECTO_PAGE_WORKER if set; else recto-page-worker beside the running
/// program, in ../libexec/recto, or where the build put it. Empty when there is none.
std::filesystem::path find_page_worker();

/// One running worker. Not thread-safe.
class WorkerProcess {
 public:
  /// Starts a worker that finds `document` at descriptor 3 (-1 for a probe). `name` stands in
  /// messages. Throws Error(kNotFound) without a worker program, Error(kIo) when none can start.
  WorkerProcess(int document, std::string name, const PageLimits& limits);
  /// Kills it.
  ~WorkerProcess();
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;

  /// Sends a request and waits for the payload of its answer. Throws the worker's own error; or
  /// Error(kBadInput) when it crashed or answered nonsense, Error(kLimit) when it ran out of
  /// memory or time, Error(kInterrupted) after a signal. In these three cases it is dead.
  std::string ask(const Request& request);

  /// Whether it still runs, as far as is known.
  bool alive();

  /// The shared pixels: as many bytes as ImageLimits::max_pixels needs.
  std::span<const uint8_t> pixels() const { return {pixels_, pixel_bytes_}; }

  /// Kills the worker and throws Error(kBadInput) saying `why`; for answers found malformed later.
  [[noreturn]] void fail_as_hostile(const std::string& why);

  pid_t pid() const { return pid_; }

 private:
  void start(int document, int pixels);
  void send(const std::string& bytes);
  std::string receive(size_t size, int64_t deadline);
  void limit_cpu_time();
  [[noreturn]] void fail_as_dead();
  [[noreturn]] void fail_as_slow();
  int end();

  std::string name_;
  PageLimits limits_;
  pid_t pid_ = -1;
  Descriptor requests_;
  Descriptor answers_;
  const uint8_t* pixels_ = nullptr;
  size_t pixel_bytes_ = 0;
};

}  // namespace recto
