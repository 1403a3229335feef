#pragma once
// Random numbers that are the same on every machine and with every standard library.

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace recto {

/// xoshiro256** (Blackman and Vigna 2018), seeded by SplitMix64. Copyable; state() restores it.
class Random {
 public:
  explicit Random(uint64_t seed);
  /// A stream of its own for (seed, stream): items can be drawn in any order.
  Random(uint64_t seed, uint64_t stream);

  uint64_t next();
  /// Uniform integer in [0, n), n > 0, without bias.
  uint64_t below(uint64_t n);
  /// Uniform double in [0, 1) with 53 bits.
  double uniform();
  /// Standard normal (Box-Muller; two calls of uniform() each).
  double normal();

  /// Fisher-Yates.
  template <typename T>
  void shuffle(std::vector<T>& items) {
    for (size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[below(i)]);
  }

  std::vector<uint64_t> state() const { return {state_[0], state_[1], state_[2], state_[3]}; }
  void set_state(std::span<const uint64_t> state);

 private:
  uint64_t state_[4];
};

}  // namespace recto
