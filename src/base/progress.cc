#include "base/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <mutex>

namespace recto {
namespace {

using Clock = std::chrono::steady_clock;
std::atomic<bool> g_shown{true};

std::string duration_text(double seconds) {
  const auto s = std::llround(seconds);
  if (s < 60) return fmt::format("{}s", s);
  if (s < 3600) return fmt::format("{}m{:02}s", s / 60, s % 60);
  return fmt::format("{}h{:02}m", s / 3600, s / 60 % 60);
}

}  // namespace

struct Progress::State {
  std::string label;
  uint64_t total;
  std::string note;
  uint64_t done = 0;
  bool terminal = ::isatty(STDERR_FILENO) == 1;
  Clock::time_point start = Clock::now();
  Clock::time_point last = start;
  std::mutex mutex;

  void draw(bool final) {
    const double elapsed = std::chrono::duration<double>(Clock::now() - start).count();
    const double rate = static_cast<double>(done) / std::max(elapsed, 1e-9);
    std::string line = label + " ";
    if (total > 0) {
      const double share = std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
      if (terminal) {
        const int filled = static_cast<int>(share * 24);
        line += fmt::format("[{}{}] ", std::string(static_cast<size_t>(filled), '#'),
                            std::string(static_cast<size_t>(24 - filled), ' '));
      }
      line += fmt::format("{}/{} {:.0f}%", done, total, share * 100);
    } else {
      line += fmt::format("{}", done);
    }
    line += fmt::format(" {:.1f}/s", rate);
    if (final) {
      line += " in " + duration_text(elapsed);
    } else if (total > 0 && done > 0) {
      line += " left " + duration_text(static_cast<double>(total - std::min(done, total)) / rate);
    }
    if (!note.empty()) line += " " + note;
    std::fprintf(stderr, terminal ? "\r\033[K%s%s" : "%s%s", line.c_str(),
                 final || !terminal ? "\n" : "");
    std::fflush(stderr);
  }
};

Progress::Progress(std::string label, uint64_t total) : state_(std::make_unique<State>()) {
  state_->label = std::move(label);
  state_->total = total;
}

Progress::~Progress() {
  // Nothing was done: whatever comes next says why.
  if (g_shown && state_->done > 0) state_->draw(true);
}

void Progress::advance(uint64_t items) {
  const std::lock_guard lock(state_->mutex);
  state_->done += items;
  if (!g_shown) return;
  const auto now = Clock::now();
  const auto interval = state_->terminal ? std::chrono::milliseconds(100) : std::chrono::seconds(5);
  if (now - state_->last < interval) return;
  state_->last = now;
  state_->draw(false);
}

void Progress::set_note(std::string note) {
  const std::lock_guard lock(state_->mutex);
  state_->note = std::move(note);
}

void set_progress_shown(bool shown) { g_shown = shown; }

}  // namespace recto
