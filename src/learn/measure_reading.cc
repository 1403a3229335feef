#include "learn/measure_reading.h"

#include <algorithm>
#include <vector>

#include "base/interrupt.h"

namespace recto {
namespace {

constexpr size_t kTilesAtOnce = 16;

/// Calls `take` with batches of `tiles` where the model is.
template <typename Take>
void in_batches(const ReadingModel& model, const std::vector<ReadingTile>& tiles,
                const TileShape& shape, Take&& take) {
  const torch::Device device = model->parameters().front().device();
  const std::span<const ReadingTile> all(tiles);
  for (size_t begin = 0; begin < tiles.size(); begin += kTilesAtOnce) {
    throw_if_interrupted();
    const auto some = all.subspan(begin, std::min(kTilesAtOnce, tiles.size() - begin));
    take(ReadingBatch(some, shape).to(device));
  }
}

struct Shares {
  int64_t right = 0, all = 0;
  void add(const torch::Tensor& matches) {
    right += matches.sum().item<int64_t>();
    all += matches.numel();
  }
  double share() const {
    return all > 0 ? static_cast<double>(right) / static_cast<double>(all) : 0;
  }
};

/// Character error rate of transcriptions of tiles with text.
double error_rate(ReadingModel& model, const std::vector<ReadingTile>& tiles,
                  const TileShape& shape, const Tokenizer& tokenizer) {
  int64_t wrong = 0, length = 0;
  in_batches(model, tiles, shape, [&](const ReadingBatch& batch) {
    size_t longest = 0;
    for (const ReadingTile* tile : batch.tiles) longest = std::max(longest, tile->text.size());
    const auto texts = model->transcribe(batch, static_cast<int>(longest) + 1);
    for (size_t i = 0; i < texts.size(); ++i) {
      const std::string truth = tokenizer.decode(batch.tiles[i]->text);
      if (truth.empty()) continue;
      wrong += edit_distance(tokenizer.decode(texts[i], /*skip_special=*/true), truth);
      length += static_cast<int64_t>(code_points(truth).size());
    }
  });
  return length > 0 ? static_cast<double>(wrong) / static_cast<double>(length) : 0;
}

}  // namespace

ReadingMeasure measure_reading(ReadingModel& model, const ReadingBlocks::HeldOut& held_out,
                               const TileShape& shape, const Tokenizer& tokenizer) {
  const torch::NoGradGuard no_grad;
  ReadingMeasure measure;
  measure.tiles = static_cast<int64_t>(held_out.tiles.size());
  measure.lines = static_cast<int64_t>(held_out.lines.size());
  Shares characters, tokens;
  double loss = 0;
  int batches = 0;
  Random order(0);
  in_batches(model, held_out.tiles, shape, [&](const ReadingBatch& batch) {
    const ReadingOutput output = model->forward(batch, batch.tiles.size(), order);
    const torch::Tensor there = batch.slots.gt(0);
    characters.add(output.character_classes.eq(batch.slots).masked_select(there));
    tokens.add(output.token_ids.eq(batch.token_id));
    if (!output.transcription.defined()) return;
    loss += output.transcription.item<double>();
    ++batches;
  });
  measure.character_accuracy = characters.share();
  measure.token_accuracy = tokens.share();
  measure.characters = characters.all;
  measure.tokens = tokens.all;
  measure.next_token_loss = batches > 0 ? loss / batches : 0;
  measure.tile_error_rate = error_rate(model, held_out.tiles, shape, tokenizer);
  measure.line_error_rate = error_rate(model, held_out.lines, shape, tokenizer);
  return measure;
}

}  // namespace recto
