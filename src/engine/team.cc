#include "engine/team.h"

// Declared here so that a compiler without OpenMP's headers can build this file too; the library
// itself comes with oneDNN.
extern "C" {
void omp_set_num_threads(int threads);
int omp_get_max_threads();
int omp_get_thread_num();
}

namespace recto {

Team::Team(int threads) : threads_(threads < 1 ? 1 : threads), before_(omp_get_max_threads()) {
  omp_set_num_threads(threads_);
}

Team::~Team() { omp_set_num_threads(before_); }

int worthwhile_threads(int threads, double operations) {
  constexpr double kWorthwhile = 4e6;
  return operations < kWorthwhile ? 1 : threads;
}

int team_index() { return omp_get_thread_num(); }

}  // namespace recto
