#pragma once
// The SigLIP vision tower, pixel shuffle and the connector.

#include <string>
#include <utility>
#include <vector>

#include "learn/layers.h"
#include "learn/torch.h"
#include "model/config.h"
#include "model/contract.h"

namespace recto {

/// x += O(attention(LN1(x))); x += fc2(gelu_tanh(fc1(LN2(x)))).
class VisionLayerImpl : public torch::nn::Module {
 public:
  VisionLayerImpl(std::string path, const VisionConfig& config);
  torch::Tensor forward(torch::Tensor x, const PassContext& context);

 private:
  torch::Tensor attend(const torch::Tensor& x, const PassContext& context);

  std::string path_;
  int64_t heads_;
  LayerNorm norm1_{nullptr}, norm2_{nullptr};
  Linear q_{nullptr}, k_{nullptr}, v_{nullptr}, out_{nullptr}, fc1_{nullptr}, fc2_{nullptr};
};
TORCH_MODULE(VisionLayer);

/// Views to patch states ("vision_model").
class VisionTowerImpl : public torch::nn::Module {
 public:
  VisionTowerImpl(const VisionConfig& config, PositionIds position_ids);

  /// pixels [views, 3, T, T] -> [views, P*P, hidden], after the final layer norm.
  torch::Tensor forward(const torch::Tensor& pixels, const PassContext& context);
  /// The same, and before it the states after the first `blocks` layers, without a norm.
  std::pair<torch::Tensor, torch::Tensor> forward_tapped(const torch::Tensor& pixels, int blocks,
                                                         const PassContext& context);

 private:
  torch::Tensor embed(const torch::Tensor& pixels, const PassContext& context);
  /// The layers from `first` to before `last`.
  torch::Tensor run(torch::Tensor x, size_t first, size_t last, const PassContext& context);

  VisionConfig config_;
  torch::Tensor position_ids_;  // [P*P]
  torch::Tensor patch_weight_, patch_bias_, position_weight_;
  std::vector<VisionLayer> layers_;
  LayerNorm post_norm_{nullptr};
};
TORCH_MODULE(VisionTower);

/// Patch states to visual tokens ("connector"): pixel shuffle, then one linear layer.
class ConnectorImpl : public torch::nn::Module {
 public:
  explicit ConnectorImpl(const ModelConfig& config);

  /// [views, P*P, E] -> [views, image_seq_len, hidden].
  torch::Tensor forward(const torch::Tensor& patches, const PassContext& context);

 private:
  int64_t scale_;
  Linear projection_{nullptr};
};
TORCH_MODULE(Connector);

/// out[h'*(P/s)+w'][(j*s+k)*E+e] = x[(h'*s+j)*P + (w'*s+k)][e]: each block of s x s patches becomes
/// one token. [views, P*P, E] -> [views, (P/s)², E*s²].
torch::Tensor pixel_shuffle_tokens(const torch::Tensor& patches, int64_t scale);

}  // namespace recto
