#pragma once
// Seconds that go by.

#include <chrono>

namespace recto {

/// Runs from when it is made; `before` are seconds of earlier runs, which count too.
class Stopwatch {
 public:
  explicit Stopwatch(double before = 0) : before_(before) {}
  double seconds() const {
    return before_ + std::chrono::duration<double>(Clock::now() - start_).count();
  }

 private:
  using Clock = std::chrono::steady_clock;
  double before_;
  Clock::time_point start_ = Clock::now();
};

}  // namespace recto
