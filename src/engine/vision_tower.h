#pragma once
// The SigLIP vision tower: one tile in, its patches' states out.

#include <cstdint>
#include <string>
#include <vector>

#include "engine/attention.h"
#include "engine/linear.h"
#include "engine/workspace.h"
#include "model/config.h"
#include "model/contract.h"
#include "model/weights.h"

namespace recto {

/// Pre-norm transformer without class token: x += O(attention(LN1(x))), x +=
/// fc2(gelu(fc1(LN2(x)))). Immutable after construction; a pass runs in the caller's Workspace,
/// where the patches' states [P^2, hidden] are `states`.
class VisionTower {
 public:
  /// Packs the weights on `threads` threads.
  VisionTower(const VisionConfig& config, PositionIds position_ids, const Weights& weights,
              int threads);

  int64_t patches() const { return patches_; }
  int layers() const { return static_cast<int>(layers_.size()); }
  int64_t hidden() const { return config_.hidden_size; }

  /// Patch and position embedding of `pixels`, u8 [3, T, T].
  void embed(const uint8_t* pixels, Workspace& workspace, const Probe& probe) const;
  void layer(int index, Workspace& workspace, const Probe& probe) const;
  /// The last norm, into workspace.normed.
  void finish(Workspace& workspace, const Probe& probe) const;

 private:
  struct Layer {
    std::vector<float> norm1_weight, norm1_bias, norm2_weight, norm2_bias;
    Linear qkv, out, fc1, fc2;
  };
  void normalize(const std::vector<float>& weight, const std::vector<float>& bias,
                 Workspace& workspace) const;
  void attend(const Layer& layer, const std::string& name, Workspace& workspace,
              const Probe& probe) const;
  void feed_forward(const Layer& layer, const std::string& name, Workspace& workspace,
                    const Probe& probe) const;

  VisionConfig config_;
  int64_t patches_;
  AttentionShape attention_;
  Linear patch_embedding_;
  std::vector<float> positions_;  ///< position embedding of each patch [P^2, hidden]
  std::vector<Layer> layers_;
  std::vector<float> norm_weight_, norm_bias_;
  Buffer packed_;
};

/// Pixels of a tile as rows of patches [P^2, 3 p^2], normalised: channel, row, column of a patch as
/// the convolution's weight has them. Pixels right of and below the last whole patch are dropped.
void unfold_patches(const uint8_t* pixels, int tile, int patch, float* out);

}  // namespace recto
