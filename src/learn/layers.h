#pragma once
// Layers of the two towers as torch modules. Parameters carry the names of transformers'
// Idefics3Model, so a checkpoint loads by name.

#include <optional>
#include <string>
#include <vector>

#include "learn/fused_linears.h"
#include "learn/precision.h"
#include "learn/torch.h"
#include "model/embedder.h"

namespace recto {

/// What a forward pass carries to every layer besides the values.
struct PassContext {
  /// Rows (of the first dimension) of the packed input that belong to one sequence, and the seed
  /// its dropout masks are drawn from. Masks depend on nothing else: not on the other sequences
  /// of the pass, not on the number of threads, and not on what was drawn before.
  struct Rows {
    int64_t count = 0;
    uint64_t seed = 0;
  };

  const ActivationObserver* observer = nullptr;  ///< null: nothing is shown
  std::vector<Rows> dropout_rows;                ///< empty: no dropout
  Precision precision = Precision::kFp32;        ///< of products and attention
  bool recompute = false;  ///< layers keep only their input for the backward pass

  /// Shows `values` as fp32 under `name` when somebody looks.
  void show(const std::string& name, const torch::Tensor& values) const;
};

/// How a LoRA or DoRA adapter on one linear layer works. [Hu et al. 2021; Liu et al. 2024]
struct LinearAdapter {
  int rank = 0;
  double scale = 0;        ///< alpha / rank, or alpha / sqrt(rank) for rsLoRA
  double dropout = 0;      ///< of the adapter's input, during training
  bool magnitude = false;  ///< DoRA
};

/// Holds one parameter named "weight": the factors of an adapter, an embedding table, a norm.
class WeightImpl : public torch::nn::Module {
 public:
  explicit WeightImpl(at::IntArrayRef shape);
  torch::Tensor weight;
};
TORCH_MODULE(Weight);

/// y = x Wᵀ + b, plus scale * dropout(x) Aᵀ Bᵀ once an adapter is attached. Parameters "weight",
/// "bias", "lora_A.weight" [rank, in], "lora_B.weight" [out, rank], "lora_magnitude_vector" [out].
class LinearImpl : public torch::nn::Module {
 public:
  /// `path` is the module's place in the model, under which its output is shown.
  LinearImpl(std::string path, int64_t in, int64_t out, bool with_bias);

  /// x [..., in] -> [..., out]; the first dimension is the one PassContext counts rows of.
  torch::Tensor forward(const torch::Tensor& x, const PassContext& context);

  /// Adds the adapter's parameters (A and B zero, the magnitude the row norms of W).
  void attach(const LinearAdapter& adapter);
  bool adapted() const { return adapter_.rank > 0; }
  /// What the layer computes, for the functions of learn/fused_linears.h; nothing when that is more
  /// than they do (bias, DoRA, dropout in this pass, bf16, an observer).
  std::optional<LinearParts> parts(const PassContext& context) const;
  const LinearAdapter& adapter() const { return adapter_; }
  const std::string& path() const { return path_; }

  torch::Tensor weight, bias;
  Weight lora_a{nullptr}, lora_b{nullptr};
  torch::Tensor magnitude;

 private:
  torch::Tensor dropped(const torch::Tensor& x, const PassContext& context) const;

  std::string path_;
  LinearAdapter adapter_;
};
TORCH_MODULE(Linear);

class LayerNormImpl : public torch::nn::Module {
 public:
  LayerNormImpl(std::string path, int64_t width, double epsilon);
  torch::Tensor forward(const torch::Tensor& x, const PassContext& context);
  torch::Tensor weight, bias;

 private:
  std::string path_;
  double epsilon_;
};
TORCH_MODULE(LayerNorm);

/// x / sqrt(mean(x²) + epsilon) * weight over the last dimension, in fp32.
class RmsNormImpl : public torch::nn::Module {
 public:
  RmsNormImpl(std::string path, int64_t width, double epsilon);
  torch::Tensor forward(const torch::Tensor& x, const PassContext& context);
  double epsilon() const { return epsilon_; }
  torch::Tensor weight;

 private:
  std::string path_;
  double epsilon_;
};
TORCH_MODULE(RmsNorm);

/// A module that only holds others under their names ("embeddings", "encoder").
class GroupImpl : public torch::nn::Module {
 public:
  template <typename Holder>
  Holder add(const std::string& name, Holder module) {
    return register_module(name, std::move(module));
  }
};
TORCH_MODULE(Group);

/// softmax(q kᵀ / sqrt(d)) v. q [sequences, tokens, heads * d], k and v [sequences, tokens,
/// kv_heads * d] -> [sequences, tokens, heads * d]. Query head i reads key head
/// i / (heads / kv_heads). `causal`: a token sees itself and what stands before it.
torch::Tensor attention(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v,
                        int64_t heads, int64_t kv_heads, bool causal);

/// splitmix64 of both: an independent seed for a part of what `seed` stands for.
uint64_t derived_seed(uint64_t seed, uint64_t part);

}  // namespace recto
