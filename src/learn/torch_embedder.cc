#include "learn/torch_embedder.h"

#include "base/interrupt.h"
#include "base/threads.h"
#include "engine/check_input.h"
#include "learn/retriever_model.h"
#include "learn/torch.h"

namespace recto {
namespace {

constexpr int64_t kTokensAtOnce = 8192;

/// Those of `input`, which must outlive them; undefined when it has none.
torch::Tensor visual_tokens(const ModelInput& input, int64_t width) {
  if (input.visual_tokens.empty()) return {};
  float* const values = const_cast<float*>(input.visual_tokens.data());
  return torch::from_blob(values, {std::ssize(input.visual_tokens) / width, width});
}

/// The same of its weights.
torch::Tensor picture_weights(const ModelInput& input) {
  if (input.picture_weights.empty()) return {};
  float* const values = const_cast<float*>(input.picture_weights.data());
  return torch::from_blob(values, {1, std::ssize(input.picture_weights)});
}

class TorchEmbedder : public Embedder {
 public:
  TorchEmbedder(std::shared_ptr<const ModelDirectory> directory,
                const TorchEmbedderOptions& options)
      : directory_(std::move(directory)), model_(directory_->config(), directory_->contract()) {
    at::set_num_threads(options.threads > 0 ? options.threads : available_cores());
    model_->load(directory_->weights());
    if (options.adapter != nullptr) model_->attach(*options.adapter);
    if (const auto& head = directory_->sparse_head()) {
      model_->attach_sparse(*head, *directory_->contract().sparse);
    }
    model_->to(torch::Device(checked_device(options.device)));
  }

  const ModelDirectory& model() const override { return *directory_; }

  Matrix embed(std::span<const ModelInput> inputs) override { return outputs(inputs, nullptr); }

  Matrix embed_both(std::span<const ModelInput> inputs,
                    std::vector<SparseVector>& sparse) override {
    check_has_sparse_output(*directory_);
    sparse.assign(inputs.size(), {});
    return outputs(inputs, sparse.data());
  }

  void inspect(const ModelInput& input, const ActivationObserver& observer) override {
    check_input(input, directory_->config(), Pooling::kLast);
    const torch::NoGradGuard no_grad;
    const Sequence sequence{&input, visual_tokens(input, directory_->config().text.hidden_size), 0};
    const ActivationObserver with_logits = [&](const std::string& name,
                                               const std::vector<int64_t>& shape,
                                               std::span<const float> values) {
      observer(name, shape, values);
      if (name == "last_hidden_state") show_logits(values.last(shape[1]), observer);
    };
    model_->forward({&sequence, 1}, /*training=*/false, &with_logits);
  }

 private:
  /// `sparse` is null, or has an entry for each input.
  Matrix outputs(std::span<const ModelInput> inputs, SparseVector* sparse) {
    const Pooling pooling = directory_->contract().pooling;
    for (const ModelInput& input : inputs) check_input(input, directory_->config(), pooling);
    Matrix vectors(static_cast<int64_t>(inputs.size()), directory_->contract().vector_width());
    const int64_t width = directory_->config().text.hidden_size;
    size_t first = 0;
    while (first < inputs.size()) {
      throw_if_interrupted();
      std::vector<Sequence> batch;
      int64_t tokens = 0;
      for (size_t i = first; i < inputs.size(); ++i) {
        tokens += static_cast<int64_t>(inputs[i].ids.size());
        if (!batch.empty() && tokens > kTokensAtOnce) break;
        batch.push_back(
            {&inputs[i], visual_tokens(inputs[i], width), 0, picture_weights(inputs[i])});
      }
      embed_batch(batch, vectors, first, sparse);
      first += batch.size();
    }
    return vectors;
  }

  void embed_batch(const std::vector<Sequence>& batch, Matrix& vectors, size_t first,
                   SparseVector* sparse) {
    const torch::NoGradGuard no_grad;
    const torch::Tensor all = sparse == nullptr ? model_->forward(batch) : model_->outputs(batch);
    const torch::Tensor rows = all.to(torch::kCPU).contiguous();
    for (size_t i = 0; i < batch.size(); ++i) {
      const float* row = rows.data_ptr<float>() + static_cast<int64_t>(i) * rows.size(1);
      std::copy_n(row, vectors.columns, vectors.row(static_cast<int64_t>(first + i)).begin());
      if (sparse != nullptr) {
        sparse[first + i] = above_zero({row + vectors.columns, row + rows.size(1)});
      }
    }
  }

  static SparseVector above_zero(std::span<const float> weights) {
    SparseVector vector;
    for (size_t i = 0; i < weights.size(); ++i) {
      if (weights[i] <= 0) continue;
      vector.ids.push_back(static_cast<int32_t>(i));
      vector.weights.push_back(weights[i]);
    }
    return vector;
  }

  /// Scores of the next token after the last state, where the checkpoint has an output head.
  void show_logits(std::span<const float> state, const ActivationObserver& observer) {
    const Weights& weights = directory_->weights();
    const bool tied = directory_->config().tie_word_embeddings;
    if (!tied && !weights.contains("lm_head.weight")) return;
    const torch::Tensor head =
        to_tensor(weights.at(tied ? "text_model.embed_tokens.weight" : "lm_head.weight"));
    const torch::Tensor logits =
        head.mv(torch::from_blob(const_cast<float*>(state.data()), {head.size(1)}));
    PassContext{&observer, {}}.show("logits_last", logits);
  }

  std::shared_ptr<const ModelDirectory> directory_;
  RetrieverModel model_;
};

}  // namespace

std::string checked_device(const std::string& name) {
  if (name == "cpu") return name;
  if (name != "cuda" && name.rfind("cuda:", 0) != 0) {
    fail(ErrorCode::kUsage, "\"{}\" is no device; \"cpu\", \"cuda\" or \"cuda:N\" is wanted", name);
  }
  if (!torch::cuda::is_available()) {
    fail(ErrorCode::kUnsupported,
         "the device {} was asked for, but this libtorch finds no CUDA device: install the CUDA "
         "build of torch (RECTO_TORCH of scripts/setup) and a driver, or take --device cpu",
         name);
  }
  return name;
}

std::unique_ptr<Embedder> make_torch_embedder(std::shared_ptr<const ModelDirectory> model,
                                              const TorchEmbedderOptions& options) {
  return std::make_unique<TorchEmbedder>(std::move(model), options);
}

}  // namespace recto
