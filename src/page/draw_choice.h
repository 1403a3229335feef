#pragma once
// Choices of everyday kinds out of random numbers.

#include <initializer_list>

#include "base/random.h"

namespace recto {

inline bool chance(Random& random, double probability) { return random.uniform() < probability; }

/// Evenly from `least` to `most`.
inline double draw_between(Random& random, double least, double most) {
  return least + (most - least) * random.uniform();
}

/// One of the whole numbers from `least` to `most`.
inline int draw_whole(Random& random, int least, int most) {
  return least + static_cast<int>(random.below(static_cast<uint64_t>(most - least) + 1));
}

template <typename T>
T draw_of(Random& random, std::initializer_list<T> choices) {
  return choices.begin()[random.below(choices.size())];
}

}  // namespace recto
