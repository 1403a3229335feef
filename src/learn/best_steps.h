#pragma once
// Which steps of a training were the best on what is held out. Without torch.

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"

namespace recto {

class BestSteps {
 public:
  struct Step {
    int64_t step = 0;
    double value = 0;  ///< nDCG@10
    bool operator==(const Step&) const = default;
  };

  /// Keeps the `keep` best; with `patience` above 0, is exhausted once that many measurements in a
  /// row were no better than the best before them.
  BestSteps(int keep, int patience) : keep_(keep), patience_(patience) {}

  /// Takes in the next measurement; the earlier of equal ones is the better. Returns whether it is
  /// among the best now.
  bool add(int64_t step, double value);

  /// Best first, at most `keep`.
  const std::vector<Step>& best() const { return best_; }
  bool exhausted() const { return patience_ > 0 && without_gain_ >= patience_; }

  Json to_json() const;
  /// Goes on from to_json() of the same settings. Throws Error(kBadInput) naming `where`.
  void restore(const Json& json, const std::string& where);

 private:
  int keep_;
  int patience_;
  int without_gain_ = 0;
  double highest_ = -1;  ///< of all, also when none is kept
  std::vector<Step> best_;
};

}  // namespace recto
