#pragma once
// The pages of a dataset through a model of an evaluation, with a feature store or without.

#include <memory>
#include <vector>

#include "data/feature_store.h"
#include "eval/evaluation.h"

namespace recto {

/// The feature store of each of the plan's models, null for a plan without.
using ModelStores = std::vector<std::shared_ptr<FeatureStore>>;

/// Throws what FeatureStore's constructor throws.
ModelStores open_model_stores(const EvaluationPlan& plan);

/// Embeds them; with `store`, the model's own, what the vision tower makes of them comes from there
/// as far as it is known, and the rest goes into it, which is told on stderr.
EmbeddedPages model_pages(const Dataset& dataset, const EvaluationPlan& plan, Embedder& embedder,
                          const EvaluatedModel& model, const std::shared_ptr<FeatureStore>& store);

}  // namespace recto
