#pragma once
// The towers of a SmolVLM with what a model that learns to read has besides.

#include <span>
#include <string>
#include <vector>

#include "learn/optimizer.h"
#include "learn/reading_counts.h"
#include "learn/reading_settings.h"
#include "learn/reading_tile.h"
#include "learn/text_model.h"
#include "learn/torch.h"
#include "learn/vision_tower.h"
#include "model/model_directory.h"

namespace recto {

/// Tiles as the model takes them, with the answers.
struct ReadingBatch {
  explicit ReadingBatch(std::span<const ReadingTile> tiles, const TileShape& shape);

  ReadingBatch to(const torch::Device& device) const;

  torch::Tensor pixels;       ///< [tiles, 3, T, T], -1 to 1
  torch::Tensor slots;        ///< [tiles * patches * slots]
  torch::Tensor token_patch;  ///< [tokens], row of [tiles * patches]
  torch::Tensor token_block;  ///< [tokens], row of [tiles * visual tokens]
  torch::Tensor token_id;     ///< [tokens]
  std::vector<const ReadingTile*> tiles;
};

/// Sums over a batch by counts, so means where these are its own; each with a gradient where
/// gradients are on. "transcription" is undefined when no tile was transcribed.
struct ReadingOutput {
  torch::Tensor characters, tokens, bag, transcription;
  // For measures, without gradients:
  torch::Tensor character_classes;  ///< [tiles * patches * slots], the most likely
  torch::Tensor token_ids;          ///< [tokens], the most likely where each token is
};

class ReadingModelImpl : public torch::nn::Module {
 public:
  /// Values of `directory`; the heads are drawn from `seed`.
  ReadingModelImpl(const ModelDirectory& directory, const TileShape& shape, uint64_t seed,
                   Precision precision);

  /// Takes out of the embeddings what all have in common, unless they are frozen. No softmax over
  /// them sees it, so that AdamW lets it grow until it is nearly all of an embedding, and every
  /// text input of the text model the same; that model's own outputs do change.
  void centre_embeddings();

  /// Losses of the batch by `counts`. The tiles at the places `transcribed`, which have texts, are
  /// transcribed. `order` is drawn from for the place that a transcribed tile says it has: the
  /// marker of a row and a column, or that of the global view.
  ReadingOutput forward(const ReadingBatch& batch, std::span<const size_t> transcribed,
                        const ReadingCounts& counts, Random& order);

  /// The text the model goes on with behind the prompt for each tile, at most `most` tokens, by
  /// taking the most likely token each time.
  std::vector<std::vector<int32_t>> transcribe(const ReadingBatch& batch, int most);

  /// Parameters of the layers that are matrices, and all others, of those that are trained.
  std::vector<NamedParameter> matrices() const;
  std::vector<NamedParameter> others() const;
  /// What learning to read needs beside the model: the heads of its losses.
  std::vector<NamedParameter> heads() const;
  /// The head that weighs the vocabulary at each visual token.
  SparseHead sparse_head() const;
  /// Numbers that are trained, without those of heads().
  int64_t parameter_count() const;

 private:
  struct Seen;
  Seen see(const torch::Tensor& pixels);
  torch::Tensor token_logits(const torch::Tensor& states);
  torch::Tensor character_loss(const ReadingBatch& batch, const torch::Tensor& logits,
                               double count);
  torch::Tensor bag_loss(const ReadingBatch& batch, const torch::Tensor& visual, double count);
  torch::Tensor transcription_loss(const ReadingBatch& batch, const torch::Tensor& visual,
                                   std::span<const size_t> transcribed, double count,
                                   Random& order);
  /// Ids of the prompt; its image tokens stand where the visual tokens go.
  std::vector<int32_t> prompt(int row, int column) const;
  /// States of sequences of one length: prompts with the visual tokens of the tiles, and texts.
  torch::Tensor read(const std::vector<std::vector<int32_t>>& sequences,
                     const torch::Tensor& visual);

  TileShape shape_;
  ModelConfig config_;
  Precision precision_;
  /// Layers after which characters are told: two thirds. Later ones are for what stands beside
  /// them; of held-out characters 17 % were told after 150 steps, where a head behind the last
  /// layer told 13 % after 200.
  int tap_;
  VisionTower vision_{nullptr};
  Connector connector_{nullptr};
  TextModel text_{nullptr};
  Linear character_head_{nullptr}, token_head_{nullptr};
  torch::Tensor token_table_;  ///< the text model's embeddings
  RmsNorm bag_norm_{nullptr};
  torch::Tensor bag_bias_;
  std::vector<int32_t> prompt_;  ///< with the marker of the global view
  size_t marker_ = 0;            ///< its place
  int32_t first_marker_ = 0;     ///< of row 1, column 1; the others follow it row by row
  int32_t end_ = 0;              ///< the terminal token
};
TORCH_MODULE(ReadingModel);

/// What a tile is asked; SmolVLM's chat with one picture that is not split.
inline constexpr const char* kTranscriptionPrompt =
    "<|im_start|>User:<image>Transcribe the text.<end_of_utterance>\nAssistant:";

}  // namespace recto
