#include "learn/step_gradients.h"

#include <cmath>
#include <utility>

#include "learn/grad_cache.h"
#include "learn/gradient_sum.h"

namespace recto {
namespace {

void drop_gradients(const std::vector<NamedParameter>& parameters) {
  for (const NamedParameter& parameter : parameters) {
    torch::Tensor value = parameter.value;
    value.mutable_grad() = torch::Tensor();
  }
}

/// Of [queries + pages, d] of the whole step, the rows of this process's part.
torch::Tensor own_rows(const torch::Tensor& all, const PreparedStep& prepared) {
  const auto rows = [&](size_t offset, const Share& share) {
    return all.narrow(0, static_cast<int64_t>(offset + share.first),
                      static_cast<int64_t>(share.count));
  };
  return torch::cat(
      {rows(0, prepared.own_queries), rows(prepared.batch.queries.size(), prepared.own_pages)}, 0);
}

}  // namespace

StepGradients::StepGradients(const TrainSettings& settings, const Contract& contract,
                             const TrainingData& data, RetrieverModel model, uint64_t page_bytes,
                             ProcessGroup& group)
    : settings_(settings),
      contract_(contract),
      data_(data),
      model_(std::move(model)),
      page_bytes_(page_bytes),
      group_(group),
      kind_(parse_loss(settings.loss)) {}

std::vector<Sequence> StepGradients::sequences(const PreparedStep& prepared, int64_t step) const {
  const uint64_t seed = derived_seed(settings_.seed, static_cast<uint64_t>(step));
  std::vector<Sequence> own;
  size_t place = prepared.own_queries.first;
  for (const ModelInput& query : prepared.queries) {
    own.push_back({&query, {}, derived_seed(seed, place++)});
  }
  place = prepared.batch.queries.size() + prepared.own_pages.first;
  for (const PreparedPage& page : prepared.pages) {
    own.push_back({&page.input, page.features, derived_seed(seed, place++)});
  }
  return own;
}

torch::Tensor StepGradients::loss(const torch::Tensor& vectors,
                                  const ContrastiveBatch& batch) const {
  const LossInput input = loss_input(vectors, data_, batch, settings_.temperature);
  return contract_.dimensions.size() > 1 ? matryoshka_loss(kind_, input, contract_.dimensions)
                                         : contrastive_loss(kind_, input);
}

torch::Tensor StepGradients::vectors_of_all(const torch::Tensor& own,
                                            const PreparedStep& prepared) {
  if (group_.size() == 1) return own;
  const auto queries = static_cast<int64_t>(prepared.queries.size());
  const auto pages = static_cast<int64_t>(prepared.pages.size());
  return torch::cat({group_.gather(own.narrow(0, 0, queries), prepared.batch.queries.size()),
                     group_.gather(own.narrow(0, queries, pages), prepared.batch.pages.size())},
                    0)
      .requires_grad_();
}

double StepGradients::own_gradients(const PreparedStep& prepared, int64_t step,
                                    const std::vector<NamedParameter>& parameters) {
  std::vector<Sequence> inputs = sequences(prepared, step);
  Chunks chunks =
      plan_chunks(model_->config(), model_->vision_trained(), inputs, prepared.queries.size(),
                  page_bytes_ * static_cast<uint64_t>(settings_.chunk_size));
  ChunkedEncoder encoder(model_, std::move(inputs), std::move(chunks), /*training=*/true);
  const torch::Tensor own = encoder.encode();
  const torch::Tensor vectors = vectors_of_all(own, prepared);
  const torch::Tensor value = loss(vectors, prepared.batch);
  const double number = value.item<double>();
  if (!std::isfinite(number)) return number;
  value.backward();
  // Every process has the whole loss, so what is trained in it has its gradient from one of them.
  if (!group_.is_first()) drop_gradients(parameters);
  encoder.backward(own_rows(vectors.grad(), prepared));
  return number;
}

StepLoss StepGradients::compute(const PreparedStep& prepared, int64_t step,
                                const std::vector<NamedParameter>& parameters) {
  const double own = own_gradients(prepared, step, parameters);
  return {sum_gradients(group_, parameters, own)};
}

}  // namespace recto
