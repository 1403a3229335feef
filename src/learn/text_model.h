#pragma once
// The Llama text model over packed sequences of different lengths.

#include <string>
#include <vector>

#include "learn/layers.h"
#include "learn/packed_attention.h"
#include "learn/torch.h"
#include "model/config.h"

namespace recto {

/// How sequences lie in a pack: runs of sequences of equal length, one after the other, without
/// padding.
struct PackLayout {
  std::vector<PackRun> runs;
  int64_t rows = 0;
  int64_t longest = 0;
};

/// h += Wo·attention(RMS1(h)); h += Wd(silu(Wg·RMS2(h)) * (Wu·RMS2(h))). Grouped-query attention
/// with rotary positions counted from the start of each sequence.
class TextLayerImpl : public torch::nn::Module {
 public:
  TextLayerImpl(std::string path, const TextConfig& config, bool causal);

  /// x [rows, hidden]; cos and sin [rows, head_dim] of the rows' positions.
  torch::Tensor forward(torch::Tensor x, const PackLayout& layout, const torch::Tensor& cos,
                        const torch::Tensor& sin, const PassContext& context);

 private:
  /// Each of `linears` applied to the normed x.
  static std::vector<torch::Tensor> normed(RmsNorm& norm, std::vector<Linear*> linears,
                                           const torch::Tensor& x, const PassContext& context);
  torch::Tensor attend(const torch::Tensor& x, const PackLayout& layout, const torch::Tensor& cos,
                       const torch::Tensor& sin, const PassContext& context);
  torch::Tensor mlp(const torch::Tensor& x, const PassContext& context);

  std::string path_;
  int64_t heads_, kv_heads_;
  bool causal_;
  RmsNorm norm1_{nullptr}, norm2_{nullptr};
  Linear q_{nullptr}, k_{nullptr}, v_{nullptr}, o_{nullptr};
  Linear gate_{nullptr}, up_{nullptr}, down_{nullptr};
};
TORCH_MODULE(TextLayer);

/// "text_model", without a head.
class TextModelImpl : public torch::nn::Module {
 public:
  TextModelImpl(const TextConfig& config, bool causal);

  /// Rows of the token embedding: ids [rows] -> [rows, hidden].
  torch::Tensor embed(const torch::Tensor& ids);
  /// The whole of it, [vocabulary, hidden].
  const torch::Tensor& table() const { return embed_tokens_->weight; }
  /// [rows, hidden] -> [rows, hidden], after the final norm.
  torch::Tensor forward(torch::Tensor x, const PackLayout& layout, const PassContext& context);

 private:
  TextConfig config_;
  Weight embed_tokens_{nullptr};
  std::vector<TextLayer> layers_;
  RmsNorm norm_{nullptr};
};
TORCH_MODULE(TextModel);

}  // namespace recto
