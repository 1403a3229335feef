#include "eval/model_pages.h"

#include <optional>

#include "base/log.h"
#include "base/stopwatch.h"
#include "eval/kept_pages.h"

namespace recto {

ModelStores open_model_stores(const EvaluationPlan& plan) {
  ModelStores stores(plan.models.size());
  if (plan.feature_store.empty()) return stores;
  FeatureStores all(plan.feature_store, plan.feature_dtype);
  for (size_t i = 0; i < stores.size(); ++i) stores[i] = all.open(*plan.models[i].model);
  return stores;
}

EmbeddedPages model_pages(const Dataset& dataset, const EvaluationPlan& plan, Embedder& embedder,
                          const EvaluatedModel& model, const std::shared_ptr<FeatureStore>& store) {
  std::optional<KeptPages> kept;
  if (store != nullptr) {
    kept.emplace(store, plan.feature_dtype, model.model, plan.engine.threads);
  }
  const Stopwatch watch;
  EmbeddedPages embedded;
  embedded.pages =
      embed_pages(dataset, plan.split, embedder, plan.options, kept ? &*kept : nullptr);
  embedded.seconds = watch.seconds();
  if (!kept) return embedded;
  store->sync();
  log_info("{}: features: {} pages from the store, {} computed", model.name, kept->from_store(),
           kept->computed());
  if (kept->from_store() > 0) embedded.seconds = 0;  // it is not what the model takes
  if (plan.feature_dtype != DType::kF32) {
    embedded.remark = fmt::format(", page features as {}", dtype_name(plan.feature_dtype));
  }
  return embedded;
}

}  // namespace recto
