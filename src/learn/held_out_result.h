#pragma once
// The metric a training is watched by, without torch.

#include <cstdint>
#include <string>

#include "base/json.h"

namespace recto {

struct HeldOutResult {
  double ndcg_at_5 = 0;
  double ndcg_at_10 = 0;  ///< what the best steps are chosen by
  double hit_rate_at_1 = 0;
  int64_t queries = 0;
  int64_t pages = 0;

  Json to_json() const;
  /// Throws Error(kBadInput) naming `where`.
  static HeldOutResult from_json(const Json& json, const std::string& where);
};

/// Warns when what became of a training finds less than the model it began with.
void warn_when_worse(const HeldOutResult& before, const HeldOutResult& after);

}  // namespace recto
