#pragma once
// The retriever as a torch module: the vision tower, the connector, the text model and pooling,
// with gradients. Same arithmetic as engine/, which serves without them.

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "learn/layers.h"
#include "learn/sparse_weights.h"
#include "learn/text_model.h"
#include "learn/torch.h"
#include "learn/vision_tower.h"
#include "model/adapter.h"
#include "model/config.h"
#include "model/contract.h"
#include "model/input.h"
#include "model/weights.h"

namespace recto {

/// One input of a forward pass.
struct Sequence {
  const ModelInput* input = nullptr;  ///< its images may be left out when `features` is given
  torch::Tensor features;             ///< undefined, or visual_features() of the input, of any type
  uint64_t dropout_seed = 0;
  /// Undefined, or in place of its images and features picture_weights() of the input, of any type.
  torch::Tensor weights;
};

/// Whether a model has its vision tower and connector.
enum class Eyes { kWith, kWithout };

class RetrieverModelImpl : public torch::nn::Module {
 public:
  /// An empty model (weights zero) on the CPU. The contract decides attention, pooling,
  /// normalisation and position ids. Without eyes it has neither vision tower nor connector: their
  /// output is then given with every sequence that has images.
  RetrieverModelImpl(const ModelConfig& config, const Contract& contract, Eyes eyes = Eyes::kWith);

  /// Copies every tensor but lm_head.weight, as fp32. Throws Error(kMismatch) naming the tensor
  /// when the names or shapes of the two sides differ, Error(kBadInput) for NaN or infinity, also
  /// in the parts that a model without eyes leaves out.
  void load(const Weights& weights);

  /// Vectors [inputs, vector_width()], fp32, in the order of `sequences`. Sequences are packed
  /// without padding, so that a vector does not depend on the others. `training` switches dropout
  /// on. Throws Error(kMismatch) when the image tokens of an input are not those of its views, and
  /// Error(kBadInput) for ids outside the vocabulary.
  torch::Tensor forward(std::span<const Sequence> sequences, bool training = false,
                        const ActivationObserver* observer = nullptr);

  /// The vectors, and with a sparse output behind them, in the same rows, the weights of the tokens
  /// of the vocabulary: [inputs, output_width()], all of them in training, else the largest. The
  /// weights of an input without images are 0.
  torch::Tensor outputs(std::span<const Sequence> sequences, bool training = false);
  int64_t output_width() const;
  /// The weights alone, without the text model: [inputs, vocabulary], without a gradient.
  torch::Tensor sparse_rows(std::span<const Sequence> sequences);
  /// Numbers of a vector: the text model's width, or with Pooling::kVocabulary the contract's.
  int64_t vector_width() const { return width_; }
  Pooling pooling() const { return pooling_; }
  /// Gives the model a sparse output, whose parameters are "sparse_head.*". One whose vectors come
  /// from the vocabulary must have it before its first pass.
  void attach_sparse(const SparseHead& head, const SparseOutput& output);
  /// Null without a sparse output.
  const SparseWeights& sparse() const { return sparse_; }

  /// Connector output of the images of one input, [image tokens, hidden], without a gradient.
  /// Bits depend on nothing but the input. Without a `precision` it is that of forward().
  torch::Tensor visual_features(const ModelInput& input,
                                const ActivationObserver* observer = nullptr,
                                std::optional<Precision> precision = std::nullopt);

  /// Weights [1, vocabulary] of the images of one input, in fp32, without a gradient, of which a
  /// model with Pooling::kVocabulary makes its vector.
  torch::Tensor picture_weights(const ModelInput& input);

  /// How forward() and visual_features() compute from now on: products and attention in
  /// `precision`; `recompute` keeps no activations of the layers for the backward pass (gradient
  /// checkpointing), which changes no bit.
  void set_computation(Precision precision, bool recompute);

  /// Whether any parameter of the vision tower or the connector requires a gradient.
  bool vision_trained() const;
  /// Whether vectors are made of weights whose making is not trained: picture_weights() is then all
  /// that a training needs of a page.
  bool weights_are_constant() const;
  /// Views that have gone through the vision tower so far.
  int64_t vision_views() const { return vision_views_; }
  /// Every linear layer by its path ("text_model.layers.0.self_attn.q_proj").
  std::map<std::string, Linear> linears();
  /// Puts `adapter` on the layers it names, unmerged. Throws Error(kMismatch) naming a module the
  /// model does not have. `dropout` is that of its input in training.
  void attach(const Adapter& adapter, double dropout = 0);

  const ModelConfig& config() const { return config_; }
  torch::Device device() const;

 private:
  struct Pack;
  Pack pack(std::span<const Sequence> sequences, bool training) const;
  torch::Tensor features(std::span<const Sequence> sequences, const Pack& pack,
                         const PassContext& context);
  /// pixels [views, 3, T, T] -> connector output [image tokens, hidden].
  torch::Tensor see(const torch::Tensor& pixels, const PassContext& context);
  /// Visual tokens that are weighed; 0 of a sequence without pictures, or with their weights.
  int64_t visual_tokens(const Sequence& sequence) const;
  /// The states of the text model.
  torch::Tensor states(const Pack& pack, const torch::Tensor& visual, const PassContext& context);
  /// All weights of the pictures, [inputs, vocabulary], in the order of the inputs.
  torch::Tensor weighed(std::span<const Sequence> sequences, const Pack& pack,
                        const torch::Tensor& visual);
  /// The vectors that come from `weights`, those of weighed().
  torch::Tensor from_vocabulary(std::span<const Sequence> sequences, const torch::Tensor& weights);
  torch::Tensor normalized(const torch::Tensor& vectors) const;
  torch::Tensor run(std::span<const Sequence> sequences, bool training,
                    const ActivationObserver* observer, bool with_sparse);
  torch::Tensor pooled(const torch::Tensor& hidden, const Pack& pack) const;

  ModelConfig config_;
  Pooling pooling_;
  int64_t width_;
  bool normalize_;
  int64_t vision_views_ = 0;
  Precision precision_ = Precision::kFp32;
  bool recompute_ = false;
  VisionTower vision_{nullptr};
  Connector connector_{nullptr};
  TextModel text_{nullptr};
  SparseWeights sparse_{nullptr};
};
TORCH_MODULE(RetrieverModel);

/// Values of `view` as a tensor of its own, fp32 on the CPU.
torch::Tensor to_tensor(const TensorView& view);

}  // namespace recto
