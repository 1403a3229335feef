#include "base/progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
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

constexpr int kBarWidth = 24;
constexpr int kLeastBarWidth = 8;  // a shorter one shows nothing
constexpr int kUsualColumns = 80;

std::string duration_text(double seconds) {
  const auto s = std::llround(seconds);
  if (s < 60) return fmt::format("{}s", s);
  if (s < 3600) return fmt::format("{}m{:02}s", s / 60, s % 60);
  return fmt::format("{}h{:02}m", s / 3600, s / 60 % 60);
}

double share_done(const ProgressView& view) {
  return std::min(1.0, static_cast<double>(view.done) / static_cast<double>(view.total));
}

std::string bar_text(double share, int width) {
  const int filled = static_cast<int>(share * width);
  return fmt::format("[{}{}] ", std::string(static_cast<size_t>(filled), '#'),
                     std::string(static_cast<size_t>(width - filled), ' '));
}

/// What stands after the bar.
std::string counts_text(const ProgressView& view) {
  const double rate = static_cast<double>(view.done) / std::max(view.seconds, 1e-9);
  std::string text =
      view.total > 0 ? fmt::format("{}/{} {:.0f}%", view.done, view.total, share_done(view) * 100)
                     : fmt::format("{}", view.done);
  text += fmt::format(" {:.1f}{}{}/s", rate, view.unit.empty() ? "" : " ", view.unit);
  if (view.finished) {
    text += " in " + duration_text(view.seconds);
  } else if (view.total > 0 && view.done > 0) {
    const uint64_t left = view.total - std::min(view.done, view.total);
    text += " left " + duration_text(static_cast<double>(left) / rate);
  }
  if (!view.note.empty()) text += " " + view.note;
  return text;
}

/// At most `bytes` of `line`, no character of it in part.
void cut(std::string& line, size_t bytes) {
  if (line.size() <= bytes) return;
  while (bytes > 0 && (static_cast<uint8_t>(line[bytes]) & 0xC0) == 0x80) --bytes;
  line.resize(bytes);
}

int terminal_columns() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kUsualColumns;
  return size.ws_col;
}

}  // namespace

std::string progress_line(const ProgressView& view, int columns) {
  std::string line = view.label + " ";
  const std::string counts = counts_text(view);
  if (columns > 0 && view.total > 0) {
    const int room = columns - 1 - static_cast<int>(line.size() + counts.size()) - 3;
    if (room >= kLeastBarWidth) line += bar_text(share_done(view), std::min(room, kBarWidth));
  }
  line += counts;
  // The last column stays free: a full line makes some terminals go to the next one.
  if (columns > 0) cut(line, static_cast<size_t>(columns - 1));
  return line;
}

double progress_interval(double seconds) { return std::clamp(seconds / 50, 5.0, 300.0); }

struct Progress::State {
  ProgressView view;
  bool terminal = ::isatty(STDERR_FILENO) == 1;
  Clock::duration worked{};  // before `start`
  Clock::time_point start = Clock::now();
  bool paused = false;
  double drawn_at = 0;  // in seconds of work
  std::mutex mutex;

  double seconds() const {
    const Clock::duration now = paused ? Clock::duration{} : Clock::now() - start;
    return std::chrono::duration<double>(worked + now).count();
  }

  void draw() {
    view.seconds = seconds();
    const std::string line = progress_line(view, terminal ? terminal_columns() : 0);
    std::fprintf(stderr, terminal ? "\r\033[K%s%s" : "%s%s", line.c_str(),
                 view.finished || !terminal ? "\n" : "");
    std::fflush(stderr);
  }

  void draw_now_and_then() {
    const double now = seconds();
    if (now - drawn_at < (terminal ? 0.1 : progress_interval(now))) return;
    drawn_at = now;
    draw();
  }
};

Progress::Progress(std::string label, uint64_t total, std::string unit)
    : state_(std::make_unique<State>()) {
  state_->view.label = std::move(label);
  state_->view.total = total;
  state_->view.unit = std::move(unit);
}

Progress::~Progress() {
  // Nothing was done: whatever comes next says why.
  state_->view.finished = true;
  if (g_shown && state_->view.done > 0) state_->draw();
}

void Progress::advance(uint64_t items) {
  const std::lock_guard lock(state_->mutex);
  state_->view.done += items;
  if (g_shown && !state_->paused) state_->draw_now_and_then();
}

void Progress::set_note(std::string note) {
  const std::lock_guard lock(state_->mutex);
  state_->view.note = std::move(note);
}

void Progress::pause() {
  const std::lock_guard lock(state_->mutex);
  if (state_->paused) return;
  state_->worked += Clock::now() - state_->start;
  state_->paused = true;
  if (!g_shown || !state_->terminal) return;
  std::fputs("\r\033[K", stderr);
  std::fflush(stderr);
}

void Progress::go_on() {
  const std::lock_guard lock(state_->mutex);
  if (!state_->paused) return;
  state_->start = Clock::now();
  state_->paused = false;
}

void set_progress_shown(bool shown) { g_shown = shown; }

}  // namespace recto
