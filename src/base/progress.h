#pragma once
// A progress bar on stderr: redrawn in place on a terminal, a line every few seconds elsewhere.

#include <cstdint>
#include <memory>
#include <string>

namespace recto {

/// Shows `label`, the share done, items a second and the time left. Thread-safe. `total` = 0
/// shows only the count. The destructor prints the final state, if anything was done. Silent when
/// the log is quiet.
class Progress {
 public:
  Progress(std::string label, uint64_t total);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void advance(uint64_t items = 1);
  /// A short text shown at the end of the line, such as the present loss.
  void set_note(std::string note);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Whether progress is shown at all (default: yes).
void set_progress_shown(bool shown);

}  // namespace recto
