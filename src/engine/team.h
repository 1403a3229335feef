#pragma once
// Threads inside one forward pass. They are OpenMP's, because oneDNN's are: a pool of our own
// beside it would fight its spinning threads for the cores.

#include <cstdint>

namespace recto {

/// While it lives, oneDNN and parallel_rows() use `threads` threads when called from the present
/// thread (the setting is a thread's own).
class Team {
 public:
  explicit Team(int threads);
  ~Team();
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  int threads() const { return threads_; }

 private:
  int threads_;
  int before_;
};

/// `threads` when `operations` floating-point operations are worth sharing, else 1: waking a team
/// costs some ten microseconds, and far more on a machine that others use too.
int worthwhile_threads(int threads, double operations);

/// Index of the present thread in its team, from 0.
int team_index();

/// Calls body(i) for i in [0, count) on the `threads` of a team, in any order. `body` must not
/// throw.
template <typename Body>
void team_for(int threads, int64_t count, const Body& body) {
  if (threads <= 1 || count <= 1) {
    for (int64_t i = 0; i < count; ++i) body(i);
    return;
  }
#if defined(_OPENMP)
#pragma omp parallel for schedule(dynamic) num_threads(threads)
#endif
  for (int64_t i = 0; i < count; ++i) body(i);
}

/// Calls body(first, count) for ranges that together are [0, rows), one or a few a thread.
/// `row_cost` is the operations of a row.
template <typename Body>
void team_rows(int threads, int64_t rows, int64_t row_cost, const Body& body) {
  threads = worthwhile_threads(threads, static_cast<double>(rows) * static_cast<double>(row_cost));
  const int64_t pieces = threads <= 1 ? 1 : 2 * static_cast<int64_t>(threads);
  const int64_t step = (rows + pieces - 1) / pieces;
  if (step == 0) return;
  team_for(threads, (rows + step - 1) / step, [&](int64_t i) {
    const int64_t first = i * step;
    body(first, rows - first < step ? rows - first : step);
  });
}

}  // namespace recto
