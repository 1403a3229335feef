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
  size_t transcribed = 0;  ///< tiles of the batch that are transcribed
  int parts = 1;           ///< of the batch, each gone through by a thread of its own
  uint64_t seed = 0;       ///< of what the model draws, beside
  uint64_t stream = 0;     ///< the step's stream; those of its parts follow every 2^44
};

/// The weighted sum of the losses, and each of them for metrics.jsonl: means over the batch, of
/// those of its parts, weighted by their tiles.
struct ReadingStepLosses {
  double sum = 0;
  Json each = Json::object();
};

/// Losses of `tiles`; their gradient becomes that of the parameters of `model`, which must have
/// none. The same parts give the same bytes: their gradients are added in their order.
ReadingStepLosses read_with_gradients(ReadingModel& model, std::span<const ReadingTile> tiles,
                                      const TileShape& shape, const torch::Device& device,
                                      const ReadingStep& step);

}  // namespace recto
