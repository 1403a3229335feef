#pragma once
// The metric a training is watched by.

#include "learn/page_source.h"

namespace recto {

struct HeldOutResult {
  double ndcg_at_5 = 0;
  double hit_rate_at_1 = 0;
  int64_t queries = 0;
  int64_t pages = 0;

  Json to_json() const;
  /// Throws Error(kBadInput) naming `where`.
  static HeldOutResult from_json(const Json& json, const std::string& where);
};

/// Ranks the pages of `data` for each of its queries by the vectors of `model` as it is now.
/// Throws Error(kInterrupted).
HeldOutResult measure_held_out(RetrieverModel& model, const InputBuilder& builder,
                               const TrainingData& data, const PageSource& source, int threads);

}  // namespace recto
