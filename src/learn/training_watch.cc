#include "learn/training_watch.h"

#include <cmath>

#include "base/log.h"

namespace recto {
namespace {

std::string progress_note(const StepRecord& record) {
  std::string note = fmt::format("loss {:.4f}", record.loss);
  if (record.seconds_allowed > 0) {
    note += fmt::format(", {:.0f} s of {:.0f} s", record.seconds, record.seconds_allowed);
  }
  return note;
}

}  // namespace

Json StepRecord::to_json() const {
  return {{"step", step},
          {"loss", std::isfinite(loss) ? Json(loss) : Json(nullptr)},
          {"lr", learning_rate},
          {"gradient_norm", gradient_norm},
          {"seconds", seconds}};
}

TrainingWatch::TrainingWatch(const std::filesystem::path& output, int64_t last_step)
    : metrics_(output / "metrics.jsonl", last_step) {}

void TrainingWatch::begin(uint64_t pairs) {
  progress_ = std::make_unique<Progress>("train", pairs);
}

void TrainingWatch::step(const StepRecord& record) {
  metrics_.add(record.to_json());
  if (!progress_) return;
  progress_->set_note(progress_note(record));
  progress_->advance(record.pairs);
}

void TrainingWatch::measured(int64_t step, const HeldOutResult& result) {
  log_info("step {}: held-out nDCG@5 {:.4f} hit@1 {:.4f} queries {} pages {}", step,
           result.ndcg_at_5, result.hit_rate_at_1, result.queries, result.pages);
  Json line = result.to_json();
  line["step"] = step;
  metrics_.add(line);
}

}  // namespace recto
