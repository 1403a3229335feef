#pragma once
// The Llama text model, over sequences packed one behind the other without padding.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/attention.h"
#include "engine/linear.h"
#include "engine/rope.h"
#include "engine/workspace.h"
#include "model/config.h"
#include "model/weights.h"

namespace recto {

/// Token ids, and the visual tokens that stand in for the image tokens among them, in order.
struct TextSequence {
  std::span<const int32_t> ids;
  const float* features = nullptr;  ///< [image tokens, hidden]
};

/// h += O(attention(RMS(h))), h += down(silu(gate(RMS(h))) * up(RMS(h))), final RMS norm. Immutable
/// after construction.
class TextModel {
 public:
  /// Packs the weights on `threads` threads. Keeps a reference to `weights` for the embedding
  /// table, which stays in the file.
  TextModel(const ModelConfig& config, bool causal, const Weights& weights, int threads);

  int64_t hidden() const { return config_.hidden_size; }
  /// Last hidden states (after the final norm) of all sequences [sum of tokens, hidden], in the
  /// workspace until its next use.
  const float* run(std::span<const TextSequence> sequences, Workspace& workspace,
                   const Probe& probe) const;
  /// Scores of every token after one hidden state, when the checkpoint has an output head or ties
  /// it to the embedding; else empty.
  std::vector<float> logits(const float* state) const;

 private:
  struct Layer {
    std::vector<float> input_norm, post_norm;
    Linear qkv, out, gate_up, down;
  };
  void embed(std::span<const TextSequence> sequences, int64_t bucket, Workspace& workspace) const;
  void normalize(const std::vector<float>& weight, int64_t rows, Workspace& workspace) const;
  void attend(const Layer& layer, const std::string& name, std::span<const TextSequence> sequences,
              const RopeTable& rope, int64_t bucket, Workspace& workspace,
              const Probe& probe) const;
  void feed_forward(const Layer& layer, const std::string& name, int64_t rows, int64_t bucket,
                    Workspace& workspace, const Probe& probe) const;

  TextConfig config_;
  int image_token_id_;
  const Weights& weights_;
  std::string head_name_;  ///< tensor of the output head, empty without one
  AttentionShape attention_;
  std::vector<Layer> layers_;
  std::vector<float> norm_;
  Buffer packed_;
};

}  // namespace recto
