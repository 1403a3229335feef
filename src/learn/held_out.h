#pragma once
// Measuring a model as it is on what is held out.

#include "learn/held_out_result.h"
#include "learn/page_source.h"

namespace recto {

/// Ranks the pages of `data` for each of its queries by the vectors of `model` as it is now.
/// Throws Error(kInterrupted).
HeldOutResult measure_held_out(RetrieverModel& model, const InputBuilder& builder,
                               const TrainingData& data, const PageSource& source, int threads);

}  // namespace recto
