#pragma once
// How well a model reads documents it has not seen.

#include "learn/reading_blocks.h"
#include "learn/reading_measure.h"
#include "learn/reading_model.h"
#include "model/tokenizer.h"

namespace recto {

/// On `threads` threads, with the same result.
ReadingMeasure measure_reading(ReadingModel& model, const ReadingBlocks::HeldOut& held_out,
                               const TileShape& shape, const Tokenizer& tokenizer, int threads);

}  // namespace recto
