#include "learn/step_gradients.h"

#include <cmath>
#include <utility>

#include "learn/grad_cache.h"

namespace recto {
namespace {

/// Mean cosine of two different rows from `first` on: (|sum of unit rows|² - n) / (n (n - 1)).
double mean_cosine(const torch::Tensor& vectors, size_t first) {
  const torch::NoGradGuard no_grad;
  const torch::Tensor rows = vectors.slice(0, static_cast<int64_t>(first));
  const auto n = static_cast<double>(rows.size(0));
  if (n < 2) return 0;
  const torch::Tensor units = rows / rows.norm(2, 1, /*keepdim=*/true).clamp_min(1e-12);
  return (units.sum(0).square().sum().item<double>() - n) / (n * (n - 1));
}

}  // namespace

StepGradients::StepGradients(const TrainSettings& settings, const Contract& contract,
                             const TrainingData& data, RetrieverModel model, uint64_t page_bytes)
    : settings_(settings),
      contract_(contract),
      data_(data),
      model_(std::move(model)),
      page_bytes_(page_bytes),
      kind_(parse_loss(settings.loss)) {}

std::vector<Sequence> StepGradients::sequences(const PreparedStep& prepared, int64_t step) const {
  const uint64_t seed = derived_seed(settings_.seed, static_cast<uint64_t>(step));
  std::vector<Sequence> all;
  for (const ModelInput& query : prepared.queries) {
    all.push_back({&query, {}, derived_seed(seed, all.size())});
  }
  for (const PreparedPage& page : prepared.pages) {
    all.push_back({&page.input, page.features, derived_seed(seed, all.size())});
  }
  return all;
}

torch::Tensor StepGradients::loss(const torch::Tensor& vectors,
                                  const ContrastiveBatch& batch) const {
  const LossInput input = loss_input(vectors, data_, batch, settings_.temperature);
  return contract_.dimensions.size() > 1 ? matryoshka_loss(kind_, input, contract_.dimensions)
                                         : contrastive_loss(kind_, input);
}

StepLoss StepGradients::compute(const PreparedStep& prepared, int64_t step) {
  std::vector<Sequence> inputs = sequences(prepared, step);
  Chunks chunks =
      plan_chunks(model_->config(), model_->vision_trained(), inputs, prepared.queries.size(),
                  page_bytes_ * static_cast<uint64_t>(settings_.chunk_size));
  ChunkedEncoder encoder(model_, std::move(inputs), std::move(chunks), /*training=*/true);
  // Between encode() and loss() a process holds vectors of its own inputs and the loss wants those
  // of the whole batch; between the loss's backward() and the encoder's it is the other way round.
  const torch::Tensor vectors = encoder.encode();
  const torch::Tensor value = loss(vectors, prepared.batch);
  const StepLoss result{value.item<double>(), mean_cosine(vectors, prepared.queries.size())};
  if (!std::isfinite(result.value)) return result;
  value.backward();
  encoder.backward(vectors.grad());
  return result;
}

}  // namespace recto
