#include "learn/training_watch.h"

#include <algorithm>
#include <cmath>

#include "base/log.h"

namespace recto {
namespace {

double rate(size_t pairs, double seconds) {
  return static_cast<double>(pairs) / std::max(seconds, 1e-9);
}

/// JSON has no NaN.
Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json step_line(const StepRecord& record, double seconds) {
  Json line = {{"step", record.step},        {"loss", number(record.loss)},
               {"lr", record.learning_rate}, {"gradient_norm", number(record.gradient_norm)},
               {"seconds", record.seconds},  {"pairs_per_second", rate(record.pairs, seconds)}};
  for (const auto& [name, value] : record.terms) line["terms"][name] = number(value);
  if (record.temperature) line["temperature"] = number(*record.temperature);
  return line;
}

}  // namespace

TrainingWatch::TrainingWatch(const TrainSettings& settings, int64_t last_step)
    : metrics_(std::filesystem::path(settings.output) / "metrics.jsonl", last_step),
      tensorboard_(settings.output, settings.to_json(), metrics_.kept()) {}

void TrainingWatch::keep(const Json& line) {
  metrics_.add(line);
  tensorboard_.add(line);
}

void TrainingWatch::begin(const WatchedRun& run) {
  run_ = run;
  // With a time limit nobody knows how many pairs there will be; the note tells the time.
  const int64_t steps = run.seconds_allowed > 0 ? 0 : run.steps - run.steps_done;
  progress_ = std::make_unique<Progress>("train", static_cast<uint64_t>(steps) * run.pairs_per_step,
                                         "pairs");
  lap();
}

double TrainingWatch::lap() {
  const Clock::time_point now = Clock::now();
  const double seconds = std::chrono::duration<double>(now - mark_).count();
  mark_ = now;
  return seconds;
}

std::string TrainingWatch::note(const StepRecord& record) const {
  std::string note;
  if (run_.steps_per_epoch > 0) {
    const int64_t epochs = (run_.steps + run_.steps_per_epoch - 1) / run_.steps_per_epoch;
    note = fmt::format("epoch {}/{} ", (record.step - 1) / run_.steps_per_epoch + 1, epochs);
  }
  note += fmt::format("loss {:.4f} lr {:.1e}", record.loss, record.learning_rate);
  if (run_.seconds_allowed > 0) {
    note += fmt::format(", {:.0f} s of {:.0f} s", record.seconds, run_.seconds_allowed);
  }
  return note;
}

void TrainingWatch::step(const StepRecord& record) {
  const double seconds = lap();
  step_seconds_ += seconds;
  pairs_ += record.pairs;
  keep(step_line(record, seconds));
  if (!progress_) return;
  progress_->set_note(note(record));
  progress_->advance(record.pairs);
}

void TrainingWatch::measuring() {
  if (progress_) progress_->pause();
}

void TrainingWatch::measured(int64_t step, const HeldOutResult& result) {
  log_info("step {}: held-out nDCG@5 {:.4f} hit@1 {:.4f} queries {} pages {}", step,
           result.ndcg_at_5, result.hit_rate_at_1, result.queries, result.pages);
  Json line = result.to_json();
  line["step"] = step;
  keep(line);
  if (progress_) progress_->go_on();
  lap();
}

void TrainingWatch::warn(int64_t step, const std::string& kind, const std::string& text) {
  log_warning("step {}: {}", step, text);
  keep({{"step", step}, {"warning", kind}, {"text", text}});
}

double TrainingWatch::pairs_per_second() const {
  return pairs_ == 0 ? 0 : rate(pairs_, step_seconds_);
}

}  // namespace recto
