#pragma once
// How often the pairs of each source and language are drawn. Without torch.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "learn/training_data.h"

namespace recto {

/// The pairs of one language of one source.
struct MixGroup {
  size_t source = 0;
  std::string language;  ///< the first part of the tag, in lower case; "" when unknown
  std::vector<size_t> pairs;
  double share = 0;  ///< of all draws
};

/// The groups of the data, by source and language. With `balance` T a group of n pairs has a share
/// that is proportional to n^T times the weight of its source: 1 takes them as they are, 0 all
/// alike. Without it, shares are those of the pairs.
std::vector<MixGroup> mix_groups(const TrainingData& data, std::optional<double> balance);

/// Whole numbers that follow shares: after each turn a group has had its share of all that was
/// handed out so far, to within the rounding of one turn.
class Apportionment {
 public:
  explicit Apportionment(std::vector<double> shares);

  /// Hands out `total`, one number a group.
  std::vector<size_t> next(size_t total);

 private:
  std::vector<double> shares_;  // their sum is 1
  std::vector<double> credit_;
};

}  // namespace recto
