#pragma once
// One step of learning to read: the losses of a batch of tiles, and the gradient of their sum.

#include <span>

#include "base/json.h"
#include "learn/reading_model.h"
#include "learn/reading_settings.h"

namespace recto {

/// How a batch is gone through.
struct ReadingStep {
  ReadingLosses weights;
  size_t transcribed = 0;  ///< tiles that are transcribed: those with the shortest texts
  int parts = 1;           ///< of the batch, each gone through by a thread of its own
  uint64_t seed = 0;       ///< of what the model draws, beside
  uint64_t stream = 0;     ///< the step's stream; those of its parts follow every 2^44
};

/// The weighted sum of the losses, and each of them for metrics.jsonl.
struct ReadingStepLosses {
  double sum = 0;
  Json each = Json::object();
};

/// Losses of `tiles`, means over the batch however many parts it has; their gradient becomes that
/// of the parameters of `model`, which must have none. The same parts give the same bytes: their
/// gradients are added in their order. Each part has gradients of its own in memory until then.
ReadingStepLosses read_with_gradients(ReadingModel& model, std::span<const ReadingTile> tiles,
                                      const TileShape& shape, const torch::Device& device,
                                      const ReadingStep& step);

}  // namespace recto
