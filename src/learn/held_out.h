#pragma once
// Measuring a model as it is on what is held out.

#include "learn/held_out_result.h"
#include "learn/page_source.h"
#include "learn/process_group.h"

namespace recto {

/// Ranks the pages of `data` for each of its queries by the vectors of `model` as it is now. The
/// processes of `group` encode a part each; the result is the same in all of them. Throws
/// Error(kInterrupted) and what the group throws.
HeldOutResult measure_held_out(RetrieverModel& model, const InputBuilder& builder,
                               const TrainingData& data, const PageSource& source, int threads,
                               ProcessGroup& group);

}  // namespace recto
