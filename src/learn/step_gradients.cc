#include "learn/step_gradients.h"

#include <cmath>
#include <utility>

#include "learn/grad_cache.h"
#include "learn/gradient_sum.h"

namespace recto {
namespace {

Objective objective_of(const TrainSettings& settings, const Contract& contract) {
  Objective objective{parse_losses(settings.loss), contract.dimensions, settings.dimension_weights};
  check_dimension_weights(objective);
  return objective;
}

void move_to(torch::Tensor& tensor, const torch::Device& device) {
  if (tensor.defined()) tensor = tensor.to(device);
}

void drop_gradients(const std::vector<NamedParameter>& parameters) {
  for (const NamedParameter& parameter : parameters) {
    torch::Tensor value = parameter.value;
    value.mutable_grad() = torch::Tensor();
  }
}

/// Mean cosine of two different rows from `first` on: (|sum of unit rows|² - n) / (n (n - 1)).
double mean_cosine(const torch::Tensor& vectors, size_t first) {
  const torch::NoGradGuard no_grad;
  const torch::Tensor rows = vectors.slice(0, static_cast<int64_t>(first));
  const auto n = static_cast<double>(rows.size(0));
  if (n < 2) return 0;
  const torch::Tensor units = rows / rows.norm(2, 1, /*keepdim=*/true).clamp_min(1e-12);
  return (units.sum(0).square().sum().item<double>() - n) / (n * (n - 1));
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
                             const TrainingData& data, RetrieverModel model, uint64_t page_cost,
                             ProcessGroup& group)
    : settings_(settings),
      model_(std::move(model)),
      page_cost_(page_cost),
      group_(group),
      objective_(objective_of(settings, contract)),
      knowledge_(settings, data, contract.dimensions.front()),
      temperature_(settings.temperature, settings.learn_temperature, model_->device()) {}

std::optional<double> StepGradients::learned_temperature() const {
  if (!temperature_.parameter()) return std::nullopt;
  return temperature_.value();
}

std::vector<Sequence> StepGradients::sequences(const PreparedStep& prepared, int64_t step) const {
  const uint64_t seed = derived_seed(settings_.seed, static_cast<uint64_t>(step));
  std::vector<Sequence> own;
  size_t place = prepared.own_queries.first;
  for (const ModelInput& query : prepared.queries) {
    own.push_back({&query, {}, derived_seed(seed, place++)});
  }
  place = prepared.batch.queries.size() + prepared.own_pages.first;
  for (const PreparedPage& page : prepared.pages) {
    own.push_back(page.sequence(derived_seed(seed, place++)));
  }
  return own;
}

LossInput StepGradients::loss_input(const torch::Tensor& vectors,
                                    const ContrastiveBatch& batch) const {
  LossInput input = knowledge_.describe(batch);
  for (torch::Tensor* tensor : {&input.mask, &input.repeated, &input.teacher.vectors,
                                &input.teacher.has_vector, &input.teacher.scores}) {
    move_to(*tensor, vectors.device());
  }
  set_vectors(input, vectors, batch);
  temperature_.set(input);
  return input;
}

std::vector<std::string> StepGradients::losses_with_nothing(const LossInput& input) const {
  std::vector<std::string> idle;
  for (const LossTerm& term : objective_.terms) {
    if (count_comparisons(term.kind, input) == 0) idle.emplace_back(loss_name(term.kind));
  }
  return idle;
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

torch::Tensor StepGradients::total_loss(const torch::Tensor& outputs, const LossInput& input,
                                        const ContrastiveBatch& batch, StepLoss& result) const {
  const ObjectiveValue value = evaluate_objective(objective_, input);
  torch::Tensor total = value.total;
  for (size_t i = 0; i < value.terms.size(); ++i) {
    if (value.terms.size() == 1 && sparse_ == nullptr) break;
    result.terms[loss_name(objective_.terms[i].kind)] = value.terms[i];
  }
  if (sparse_ != nullptr) {
    const torch::Tensor weights = outputs.slice(1, model_->vector_width());
    const SparseLoss sparse = sparse_->loss(weights, batch, input);
    total = total + settings_.sparse_weight * sparse.total;
    result.terms["sparse"] = sparse.infonce;
    result.terms["sparse_flops"] = sparse.flops;
  }
  result.value = total.item<double>();
  return total;
}

StepLoss StepGradients::own_gradients(const PreparedStep& prepared, int64_t step,
                                      const std::vector<NamedParameter>& parameters) {
  std::vector<Sequence> inputs = sequences(prepared, step);
  Chunks chunks =
      plan_chunks(model_->config(), model_->vision_trained(), inputs, prepared.queries.size(),
                  page_cost_ * static_cast<uint64_t>(settings_.chunk_size));
  ChunkedEncoder encoder(model_, std::move(inputs), std::move(chunks), /*training=*/true);
  const torch::Tensor own = encoder.encode();
  const torch::Tensor outputs = vectors_of_all(own, prepared);
  const torch::Tensor vectors = outputs.narrow(1, 0, model_->vector_width());
  const LossInput input = loss_input(vectors, prepared.batch);
  StepLoss result;
  const torch::Tensor total = total_loss(outputs, input, prepared.batch, result);
  result.page_cosine = mean_cosine(vectors, prepared.batch.queries.size());
  result.idle = losses_with_nothing(input);
  result.documents = static_cast<size_t>(input.repeated.size(0));
  result.masked = input.mask.sum().item<int64_t>();
  if (!std::isfinite(result.value)) return result;
  total.backward();
  // Every process has the whole loss, so what is trained in it has its gradient from one of them.
  if (!group_.is_first()) drop_gradients(parameters);
  encoder.backward(own_rows(outputs.grad(), prepared));
  return result;
}

StepLoss StepGradients::compute(const PreparedStep& prepared, int64_t step,
                                const std::vector<NamedParameter>& parameters) {
  StepLoss result = own_gradients(prepared, step, parameters);
  result.value = sum_gradients(group_, parameters, result.value);
  return result;
}

}  // namespace recto
