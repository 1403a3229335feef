#include "learn/held_out_series.h"

namespace recto {

void HeldOutSeries::measure(RetrieverModel& model, int64_t step, TrainingWatch& watch) {
  if (data_.queries.empty() || measured_at_ == step) return;
  watch.measuring();
  latest_ = measure_held_out(model, builder_, data_, source_, threads_, group_);
  measured_at_ = step;
  watch.measured(step, *latest_);
}

}  // namespace recto
