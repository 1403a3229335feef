#include "base/interrupt.h"

#include <unistd.h>

#include <atomic>
#include <csignal>

#include "base/error.h"
#include "base/interrupt_request.h"

namespace recto {
namespace {

std::atomic<bool> g_interrupted{false};
std::atomic<bool> g_requested{false};
thread_local int t_deferred = 0;
static_assert(std::atomic<bool>::is_always_lock_free);

void on_signal(int) {
  if (g_interrupted.exchange(true)) ::_exit(130);
}

}  // namespace

void install_interrupt_handler() {
  struct sigaction action{};
  action.sa_handler = on_signal;
  ::sigemptyset(&action.sa_mask);
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  struct sigaction hangup{};
  ::sigaction(SIGHUP, nullptr, &hangup);
  // A program under nohup is started with SIGHUP ignored, and stays so.
  if (hangup.sa_handler != SIG_IGN) ::sigaction(SIGHUP, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a file-size limit becomes EFBIG, an error with a message
}

bool interrupted() {
  return t_deferred == 0 && (g_interrupted.load(std::memory_order_relaxed) ||
                             g_requested.load(std::memory_order_relaxed));
}

void request_interrupt() { g_requested.store(true, std::memory_order_relaxed); }
void withdraw_interrupt_request() { g_requested.store(false, std::memory_order_relaxed); }

DeferInterrupts::DeferInterrupts() { ++t_deferred; }
DeferInterrupts::~DeferInterrupts() { --t_deferred; }

void throw_if_interrupted() {
  if (interrupted()) throw Error(ErrorCode::kInterrupted, "interrupted; nothing was half-written");
}

}  // namespace recto
