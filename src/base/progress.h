#pragma once
// A progress bar on stderr: redrawn in place on a terminal; elsewhere a line now and then.

#include <cstdint>
#include <memory>
#include <string>

namespace recto {

/// Shows `label`, the share done, items a second and the time left. Thread-safe. `total` = 0
/// shows only the count. The destructor prints the final state, if anything was done. Silent when
/// the log is quiet.
class Progress {
 public:
  /// `unit` is what is counted, in the plural; "" when the label says it.
  Progress(std::string label, uint64_t total, std::string unit = "");
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void advance(uint64_t items = 1);
  /// A short text shown at the end of the line, such as the present loss.
  void set_note(std::string note);
  /// The time until go_on() counts neither for the rate nor for the time left, and the terminal is
  /// free for another bar.
  void pause();
  void go_on();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Whether progress is shown at all (default: yes).
void set_progress_shown(bool shown);

/// What a bar stands for at one moment.
struct ProgressView {
  std::string label;
  std::string unit;
  std::string note;
  uint64_t done = 0;
  uint64_t total = 0;  ///< 0: nobody knows
  double seconds = 0;  ///< of work so far
  bool finished = false;
};

/// Its line: with a bar when `columns` > 0, at most that wide. The bar is the first to give way,
/// then the end of the note.
std::string progress_line(const ProgressView& view, int columns);

/// Seconds between two lines where stderr is no terminal: 5 at first, then 1/50 of the time so
/// far, so that a run of days fills no log; at most 300.
double progress_interval(double seconds);

}  // namespace recto
