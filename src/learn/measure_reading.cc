#include "learn/measure_reading.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <vector>

#include "base/interrupt.h"
#include "base/threads.h"

namespace recto {
namespace {

constexpr size_t kTilesAtOnce = 16;

/// Calls `take` with the place, the tiles and the batch of some of `tiles` at a time, where the
/// model is, on `threads` threads.
template <typename Take>
void in_batches(const ReadingModel& model, const std::vector<ReadingTile>& tiles,
                const TileShape& shape, int threads, Take&& take) {
  const torch::Device device = model->parameters().front().device();
  const std::span<const ReadingTile> all(tiles);
  parallel_for((tiles.size() + kTilesAtOnce - 1) / kTilesAtOnce, threads, [&](size_t i) {
    throw_if_interrupted();
    const torch::NoGradGuard no_grad;
    const size_t begin = i * kTilesAtOnce;
    const auto some = all.subspan(begin, std::min(kTilesAtOnce, tiles.size() - begin));
    take(i, some, ReadingBatch(some, shape).to(device));
  });
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
                  const TileShape& shape, const Tokenizer& tokenizer, int threads) {
  std::mutex mutex;
  int64_t wrong = 0, length = 0;
  in_batches(model, tiles, shape, threads,
             [&](size_t, std::span<const ReadingTile> of, const ReadingBatch& batch) {
               size_t longest = 0;
               for (const ReadingTile& tile : of) longest = std::max(longest, tile.text.size());
               const auto texts = model->transcribe(batch, static_cast<int>(longest) + 1);
               const std::lock_guard lock(mutex);
               for (size_t i = 0; i < texts.size(); ++i) {
                 const std::string truth = tokenizer.decode(of[i].text);
                 if (truth.empty()) continue;
                 wrong += edit_distance(tokenizer.decode(texts[i], /*skip_special=*/true), truth);
                 length += static_cast<int64_t>(code_points(truth).size());
               }
             });
  return length > 0 ? static_cast<double>(wrong) / static_cast<double>(length) : 0;
}

}  // namespace

ReadingMeasure measure_reading(ReadingModel& model, const ReadingBlocks::HeldOut& held_out,
                               const TileShape& shape, const Tokenizer& tokenizer, int threads) {
  ReadingMeasure measure;
  measure.tiles = static_cast<int64_t>(held_out.tiles.size());
  measure.lines = static_cast<int64_t>(held_out.lines.size());
  Shares characters, tokens;
  std::mutex mutex;
  double answers = 0, loss = 0;
  std::map<size_t, double> losses;  // by batch, so that they are added in one order
  in_batches(model, held_out.tiles, shape, threads,
             [&](size_t i, std::span<const ReadingTile> of, const ReadingBatch& batch) {
               const std::vector<size_t> with_text = shortest_texts(of, of.size());
               const ReadingCounts counts = count_answers(of, with_text);
               Random order(0, i);
               const ReadingOutput output = model->forward(batch, with_text, counts, order);
               const torch::Tensor there = batch.slots.gt(0);
               const std::lock_guard lock(mutex);
               characters.add(output.character_classes.eq(batch.slots).masked_select(there));
               tokens.add(output.token_ids.eq(batch.token_id));
               if (!output.transcription.defined()) return;
               losses[i] = counts.answers * output.transcription.item<double>();
               answers += counts.answers;
             });
  for (const auto& [batch, of_batch] : losses) loss += of_batch;
  measure.character_accuracy = characters.share();
  measure.token_accuracy = tokens.share();
  measure.characters = characters.all;
  measure.tokens = tokens.all;
  measure.next_token_loss = answers > 0 ? loss / answers : 0;
  measure.tile_error_rate = error_rate(model, held_out.tiles, shape, tokenizer, threads);
  measure.line_error_rate = error_rate(model, held_out.lines, shape, tokenizer, threads);
  return measure;
}

}  // namespace recto
