#include "learn/step_gradients.h"

#include <cmath>
#include <utility>

#include "base/log.h"
#include "learn/grad_cache.h"

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

}  // namespace

StepGradients::StepGradients(const TrainSettings& settings, const Contract& contract,
                             const TrainingData& data, RetrieverModel model)
    : settings_(settings),
      data_(data),
      model_(std::move(model)),
      objective_(objective_of(settings, contract)),
      knowledge_(settings, data, contract.dimensions.front()),
      temperature_(settings.temperature, settings.learn_temperature, model_->device()) {}

std::optional<double> StepGradients::learned_temperature() const {
  if (!temperature_.parameter()) return std::nullopt;
  return temperature_.value();
}

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

std::vector<std::string> StepGradients::warn_of_nothing(const LossInput& input, int64_t step) {
  std::vector<std::string> idle;
  for (const LossTerm& term : objective_.terms) {
    if (warned_.count(term.kind) != 0 || count_comparisons(term.kind, input) > 0) continue;
    warned_.insert(term.kind);
    idle.emplace_back(loss_name(term.kind));
    log_warning(
        "step {}: {} has nothing to compare among {} queries and {} documents ({} of their pairs "
        "are masked), so it is 0 and teaches nothing; this is said once. Raise --batch-size or "
        "--negatives, or mask less",
        step + 1, loss_name(term.kind), input.queries.size(0), input.repeated.size(0),
        input.mask.sum().item<int64_t>());
  }
  return idle;
}

// Several processes: the loss wants the vectors of the whole batch, each process has encoded a part
// of its inputs. What encode() gives is to be gathered from all of them into one leaf before the
// loss, in the order of the batch (queries, then pages), and the part of vectors.grad() that
// belongs to the own inputs goes into the encoder's backward(). Every process then computes the
// same loss over everything, no term has to know of ranks, and the gradients of the parameters are
// summed, not averaged.
StepLoss StepGradients::compute(const PreparedStep& prepared, int64_t step) {
  std::vector<Sequence> inputs = sequences(prepared, step);
  Chunks chunks =
      plan_chunks(model_->config(), model_->vision_trained(), inputs, prepared.queries.size(),
                  page_bytes_ * static_cast<uint64_t>(settings_.chunk_size));
  ChunkedEncoder encoder(model_, std::move(inputs), std::move(chunks), /*training=*/true);
  const torch::Tensor vectors = encoder.encode();
  const LossInput input = loss_input(vectors, prepared.batch);
  const ObjectiveValue value = evaluate_objective(objective_, input);
  StepLoss result;
  result.value = value.total.item<double>();
  result.idle = warn_of_nothing(input, step);
  result.masked = input.mask.sum().item<int64_t>();
  for (size_t i = 0; value.terms.size() > 1 && i < value.terms.size(); ++i) {
    result.terms[loss_name(objective_.terms[i].kind)] = value.terms[i];
  }
  if (!std::isfinite(result.value)) return result;
  value.total.backward();
  encoder.backward(vectors.grad());
  return result;
}

}  // namespace recto
