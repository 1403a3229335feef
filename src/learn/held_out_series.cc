#include "learn/held_out_series.h"

namespace recto {

bool HeldOutSeries::measure(RetrieverModel& model, int64_t step, TrainingWatch& watch) {
  if (data_.queries.empty() || measured_at_ == step) return false;
  watch.measuring();
  latest_ = measure_held_out(model, builder_, data_, source_, threads_, group_);
  measured_at_ = step;
  watch.measured(step, *latest_);
  return true;
}

HeldOutResult HeldOutSeries::measure_mean(RetrieverModel& model, int64_t step,
                                          const std::vector<int64_t>& steps, TrainingWatch& watch) {
  watch.measuring();
  const HeldOutResult result = measure_held_out(model, builder_, data_, source_, threads_, group_);
  watch.measured(step, result, steps);
  return result;
}

Json HeldOutSeries::state() const {
  return {{"measured_at", measured_at_}, {"latest", latest_ ? latest_->to_json() : Json(nullptr)}};
}

void HeldOutSeries::restore(const Json& state, const std::string& where) {
  measured_at_ = json_required<int64_t>(state, "measured_at", where);
  if (!state["latest"].is_null()) latest_ = HeldOutResult::from_json(state["latest"], where);
}

}  // namespace recto
