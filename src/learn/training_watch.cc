#include "learn/training_watch.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/log.h"

namespace recto {
namespace {

double rate(size_t pairs, double seconds) {
  return static_cast<double>(pairs) / std::max(seconds, 1e-9);
}

/// JSON has no NaN.
Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

}  // namespace

Json StepRecord::to_json() const {
  Json line = {{"step", step},
               {"loss", number(loss)},
               {"masked", masked},
               {"lr", learning_rate},
               {"gradient_norm", number(gradient_norm)},
               {"seconds", seconds}};
  for (const auto& [name, value] : terms) line["terms"][name] = number(value);
  if (temperature) line["temperature"] = number(*temperature);
  return line;
}

TrainingWatch::TrainingWatch(const TrainSettings& settings, int64_t last_step)
    : metrics_(std::in_place, std::filesystem::path(settings.output) / "metrics.jsonl", last_step),
      tensorboard_(std::in_place, settings.output, settings.to_json(), metrics_->kept()) {}

void TrainingWatch::keep(const Json& line) {
  metrics_->add(line);
  tensorboard_->add(line);
}

void TrainingWatch::begin(const WatchedRun& run) {
  lap();
  if (!metrics_) return;
  run_ = run;
  // With a time limit nobody knows how many pairs there will be; the note tells the time.
  const int64_t steps = run.seconds_allowed > 0 ? 0 : run.steps - run.steps_done;
  progress_ = std::make_unique<Progress>("train", static_cast<uint64_t>(steps) * run.pairs_per_step,
                                         "pairs");
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
  if (!metrics_) return;
  Json line = record.to_json();
  line["pairs_per_second"] = rate(record.pairs, seconds);
  keep(line);
  if (!progress_) return;
  progress_->set_note(note(record));
  progress_->advance(record.pairs);
}

void TrainingWatch::measuring() {
  if (progress_) progress_->pause();
}

void TrainingWatch::measured(int64_t step, const HeldOutResult& result,
                             const std::vector<int64_t>& mean_of) {
  lap();
  if (!metrics_) return;
  log_info("step {}{}: held-out nDCG@10 {:.4f} nDCG@5 {:.4f} hit@1 {:.4f} queries {} pages {}",
           step, mean_of.empty() ? "" : fmt::format(", mean of {}", fmt::join(mean_of, ", ")),
           result.ndcg_at_10, result.ndcg_at_5, result.hit_rate_at_1, result.queries, result.pages);
  Json line = result.to_json();
  line["step"] = step;
  if (!mean_of.empty()) line["mean_of"] = mean_of;
  keep(line);
  if (progress_) progress_->go_on();
}

void TrainingWatch::mined(int64_t step, Json counts) {
  lap();
  if (!metrics_) return;
  keep({{"step", step}, {"hard_negatives", std::move(counts)}});
  if (progress_) progress_->go_on();
}

void TrainingWatch::warned(int64_t step, const std::string& kind, Json details) {
  if (!metrics_) return;
  details["step"] = step;
  details["warning"] = kind;
  keep(details);
}

double TrainingWatch::pairs_per_second() const {
  return pairs_ == 0 ? 0 : rate(pairs_, step_seconds_);
}

}  // namespace recto
