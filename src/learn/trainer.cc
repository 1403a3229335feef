#include "learn/trainer.h"

#include <chrono>
#include <cmath>
#include <limits>
#include <memory>

#include "base/cpu.h"
#include "base/error.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/threads.h"
#include "learn/checkpoint.h"
#include "learn/held_out_series.h"
#include "learn/memory_estimate.h"
#include "learn/parameter_groups.h"
#include "learn/precision.h"
#include "learn/prefetch.h"
#include "learn/remining.h"
#include "learn/schedule.h"
#include "learn/selection.h"
#include "learn/step_gradients.h"
#include "learn/step_guard.h"
#include "learn/step_source.h"
#include "learn/torch_embedder.h"
#include "learn/torch_setup.h"
#include "learn/train_output.h"
#include "learn/train_report_data.h"
#include "learn/trainable.h"
#include "learn/trained_size.h"
#include "learn/training_watch.h"

namespace recto {
namespace fs = std::filesystem;
namespace {

constexpr int kKeptCheckpoints = 2;
constexpr size_t kStepsAhead = 2;

class Stopwatch {
 public:
  explicit Stopwatch(double before = 0) : before_(before) {}
  double seconds() const {
    return before_ + std::chrono::duration<double>(Clock::now() - start_).count();
  }

 private:
  using Clock = std::chrono::steady_clock;
  double before_;
  Clock::time_point start_ = Clock::now();
};

/// What the data asks of memory.
MemoryRequest data_memory(const StepSource& steps, const TrainSettings& settings,
                          const Contract& contract) {
  const std::vector<TrainingData::Page>& pages = steps.train().pages;
  const int own = contract.views.longest_edge;
  std::vector<int> edges = settings.longest_edges;
  if (edges.empty()) edges.push_back(own);
  const bool mined_apart =
      settings.remine_every > 0 && std::count(edges.begin(), edges.end(), own) == 0;
  MemoryRequest request;
  request.queries_in_step = static_cast<int>(steps.batch_size());
  request.pages_in_step = most_pages_in_step(steps.train(), steps.batch_size(), settings.negatives,
                                             settings.remine_every > 0);
  request.pages_in_data = static_cast<int>((edges.size() + (mined_apart ? 1 : 0)) * pages.size() +
                                           steps.held_out().pages.size());
  for (const int edge : edges) {
    ViewSettings views = contract.views;
    views.longest_edge = edge;
    request.views = std::max(request.views, most_views(pages, views));
  }
  const bool passages = std::any_of(pages.begin(), pages.end(), [](const TrainingData::Page& page) {
    return !page.passage.empty();
  });
  if (passages) request.passage_tokens = contract.max_query_tokens;
  return request;
}

/// What goes by measurements needs something to measure on.
void check_measurable(const StepSource& steps, const TrainSettings& settings) {
  const bool wanted = settings.keep_best > 0 || settings.early_stopping > 0;
  if (!wanted || !steps.held_out().queries.empty()) return;
  fail(ErrorCode::kUsage,
       "{} needs held-out queries, but the data have no split validation and only one family of "
       "documents to hold out; leave the option out, or add documents",
       settings.keep_best > 0 ? "--keep-best" : "--early-stopping");
}

StepIds step_ids(const TrainingData& data, const ContrastiveBatch& batch) {
  StepIds ids;
  for (const size_t query : batch.queries) ids.queries.push_back(data.queries[query].id);
  for (const size_t page : batch.pages) ids.pages.push_back(data.pages[page].id);
  return ids;
}

/// A directory that keeps its adapter apart is two things, and which one is meant must be said.
void check_start(const ModelDirectory& model, const TrainSettings& settings) {
  if (!settings.adapter.empty() || !model.has_own_adapter()) return;
  fail(ErrorCode::kUsage,
       "{0} keeps an adapter apart from its weights; go on training it with --adapter "
       "{0}/{1}, or merge it first (recto model merge) and train a new one",
       settings.model, kAdapterFolder);
}

class Training {
 public:
  Training(const TrainSettings& settings, const StepObserver& observer);
  TrainResult run();

 private:
  void open_directory();
  void open_model();
  void plan_steps();
  void plan_memory();
  void resume();
  void restore(const fs::path& checkpoint);
  void loop();
  /// The steps up to `last`, which have the same hard negatives.
  void take_steps(int64_t last, const Stopwatch& clock);
  void finish();

  void take_step(PreparedStep prepared, const Stopwatch& clock);
  void update(const PreparedStep& prepared, StepRecord& record);
  void evaluate();
  void evaluate_when_due();
  void checkpoint();
  void report(const std::string& state) const;
  void report_failure(const std::string& what) const;
  bool done() const;
  double progress_share() const;
  Json run_json() const;

  TrainSettings settings_;
  const StepObserver& observer_;
  const int asked_chunk_size_;
  int threads_;
  std::shared_ptr<const ModelDirectory> directory_;
  Contract contract_;  // of the output
  std::unique_ptr<StepSource> steps_;
  std::unique_ptr<EdgeInputs> inputs_;
  RetrieverModel model_{nullptr};
  Trainable trainable_;
  std::unique_ptr<AdamW> optimizer_;
  std::unique_ptr<FeatureCache> cache_;
  std::unique_ptr<PageSource> source_;
  std::unique_ptr<TrainingWatch> watch_;
  std::unique_ptr<StepGradients> step_gradients_;
  std::string memory_;  // what was estimated before the start
  std::unique_ptr<Remining> remining_;
  uint64_t page_cost_ = 0;  // MemoryEstimate::page
  int64_t total_steps_ = 0;
  double warmup_ = 0;  // share of the training
  int64_t step_ = 0;
  double elapsed_ = 0;
  StepGuard guard_;
  std::unique_ptr<HeldOutSeries> series_;
  std::unique_ptr<Selection> selection_;
  TrainResult result_;
};

Training::Training(const TrainSettings& settings, const StepObserver& observer)
    : settings_(settings),
      observer_(observer),
      asked_chunk_size_(settings.chunk_size),
      guard_(settings.learning_rate()) {
  check_train_settings(settings_);
  check_output(settings_.output, settings_.resume);
  threads_ = settings_.threads > 0 ? settings_.threads : available_cores();
  set_up_torch(threads_, settings_.seed, settings_.device);
  steps_ = std::make_unique<StepSource>(settings_);
  check_measurable(*steps_, settings_);
  open_directory();
  plan_steps();
  plan_memory();
  open_model();
}

void Training::open_directory() {
  ContractOverrides overrides;
  overrides.longest_edge = settings_.longest_edge;
  directory_ = ModelDirectory::open_unmerged(settings_.model, overrides, settings_.adapter);
  check_start(*directory_, settings_);
  inputs_ = std::make_unique<EdgeInputs>(*directory_, settings_.longest_edges);
  contract_ = output_contract(*directory_, settings_);
}

void Training::open_model() {
  model_ = RetrieverModel(directory_->config(), contract_);
  model_->load(directory_->weights());
  trainable_ = choose_trainable(model_, settings_, contract_.base_model, directory_->adapter());
  model_->to(torch::Device(checked_device(settings_.device)));
  log_info("training {} of {} parameters", trainable_.count, trainable_.all);
  model_->set_computation(parse_precision(settings_.precision, model_->device()),
                          settings_.gradient_checkpointing);
  optimizer_ = std::make_unique<AdamW>(
      trainable_.parameters, AdamWSettings{.weight_decay = settings_.weight_decay},
      group_parameters(trainable_.parameters, settings_.lr_groups, settings_.no_decay));
  selection_ = std::make_unique<Selection>(settings_, optimizer_->parameters());
  step_gradients_ =
      std::make_unique<StepGradients>(settings_, contract_, steps_->train(), model_, page_cost_);
}

void Training::plan_steps() {
  const double all = settings_.epochs * static_cast<double>(steps_->steps_per_epoch());
  total_steps_ = std::max<int64_t>(1, std::llround(all));
  if (settings_.max_steps > 0) total_steps_ = std::min(total_steps_, settings_.max_steps);
  warmup_ = settings_.warmup < 1 ? settings_.warmup
                                 : settings_.warmup / static_cast<double>(total_steps_);
  log_info("{} steps of {} pairs", total_steps_, steps_->batch_size());
}

void Training::plan_memory() {
  MemoryRequest request = data_memory(*steps_, settings_, contract_);
  const TrainedSize size = trained_size(directory_->config(), settings_, directory_->adapter());
  request.parameters = size.all;
  request.trained = size.trained;
  request.vision_trained = size.vision;
  request.recompute = settings_.gradient_checkpointing;
  request.bf16 = settings_.precision == "bf16";
  request.chunk_size = settings_.chunk_size;
  const MemoryEstimate estimate =
      estimate_memory(directory_->config(), request, available_memory_bytes());
  settings_.chunk_size = estimate.chunk_size;
  page_cost_ = estimate.page;
  memory_ = estimate.text();
  log_info("{}", memory_);
  if (settings_.device == "cpu") estimate.check();
  if (!size.vision) cache_ = std::make_unique<FeatureCache>(estimate.features);
  source_ = std::make_unique<PageSource>(steps_->sources(), *inputs_, cache_.get());
  remining_ = std::make_unique<Remining>(settings_, steps_->train(), directory_->inputs(), *source_,
                                         std::max(1, threads_ / 2));
  series_ = std::make_unique<HeldOutSeries>(directory_->inputs(), steps_->held_out(), *source_,
                                            std::max(1, threads_ / 2));
}

Json Training::run_json() const {
  Json run = settings_.to_json();
  for (const char* key : {"model", "data", "threads", "chunk_size", "device", "max_seconds",
                          "adapter", "gradient_checkpointing"}) {
    run.erase(key);
  }
  if (settings_.keep_best == 0 && settings_.early_stopping == 0) run.erase("eval_every");
  run["model_weights_sha256"] = directory_->contract().weights_sha256;
  run["contract"] = contract_.hash();
  run["data"] = steps_->sources().identity();
  return run;
}

void Training::resume() {
  for (const char* folder : {"checkpoints", "best"}) {
    remove_unfinished(fs::path(settings_.output) / folder);
  }
  // The way a step is cut into chunks decides the last bits, so it stays unless asked for.
  if (asked_chunk_size_ == 0) settings_.chunk_size = saved_chunk_size(settings_.output);
  const std::optional<fs::path> latest = latest_whole_checkpoint(settings_.output);
  if (!latest) {
    check_same_unfinished_run(settings_.output, run_json());
    log_info("{} has no checkpoint yet; the run begins again", settings_.output);
    return;
  }
  restore(*latest);
}

void Training::restore(const fs::path& checkpoint) {
  const CheckpointState state = read_checkpoint_state(checkpoint);
  check_same_run(state.run, run_json(), checkpoint);
  restore_checkpoint(checkpoint, *optimizer_);
  remining_->restore(checkpoint);
  steps_->set_negatives(remining_->negatives());
  step_ = state.step;
  elapsed_ = state.elapsed_seconds;
  guard_.restore(state.results["guard"], checkpoint.string());
  series_->restore(state.results["held_out"], checkpoint.string());
  selection_->restore(state.results["selection"], checkpoint.string());
  selection_->clean();
  if (state.results.contains("before")) {
    result_.before = HeldOutResult::from_json(state.results["before"], checkpoint.string());
  }
  log_info("resuming after step {} of {}", step_, total_steps_);
}

// The middle of the step to come, so that even a training of one step has a learning rate.
double Training::progress_share() const {
  const double steps = (static_cast<double>(step_) + 0.5) / static_cast<double>(total_steps_);
  if (settings_.max_seconds <= 0) return steps;
  return std::max(steps, elapsed_ / settings_.max_seconds);
}

bool Training::done() const {
  return step_ >= total_steps_ || selection_->exhausted() ||
         (settings_.max_seconds > 0 && elapsed_ >= settings_.max_seconds);
}

/// Takes the step, or skips it when its loss or a gradient is not a number.
void Training::update(const PreparedStep& prepared, StepRecord& record) {
  optimizer_->zero_gradients();
  const StepLoss loss = step_gradients_->compute(prepared, step_);
  record.loss = loss.value;
  bool finite = std::isfinite(loss.value);
  if (finite) {
    record.gradient_norm = optimizer_->clip_gradients(settings_.clip);
    finite = std::isfinite(record.gradient_norm);
  }
  if (const auto warning = guard_.look(record.step, loss.page_cosine, prepared.pages.size())) {
    watch_->warned(record.step, warning->kind, warning->details);
  }
  if (finite) {
    optimizer_->step(record.learning_rate);
    guard_.accept();
    result_.last_loss = loss.value;
  } else {
    const bool of_loss = !std::isfinite(loss.value);
    const StepWarning warning = guard_.skip(record.step, of_loss ? "loss" : "gradient",
                                            of_loss ? loss.value : record.gradient_norm,
                                            step_ids(steps_->train(), prepared.batch));
    watch_->warned(record.step, warning.kind, warning.details);
    record.loss = std::numeric_limits<double>::quiet_NaN();
  }
}

void Training::take_step(PreparedStep prepared, const Stopwatch& clock) {
  source_->complete(model_, prepared.pages);
  StepRecord record;
  record.step = step_ + 1;
  record.pairs = prepared.batch.queries.size();
  record.learning_rate =
      settings_.learning_rate() *
      schedule_factor(progress_share(), warmup_, parse_schedule(settings_.schedule));
  update(prepared, record);
  ++step_;
  record.seconds = elapsed_ = clock.seconds();
  record.learning_rate *= optimizer_->largest_lr_factor();
  watch_->step(record);
  guard_.check();
  if (observer_) observer_(step_, record.loss);
}

void Training::evaluate() {
  if (!series_->measure(model_, step_, *watch_)) return;
  if (step_ > 0) selection_->measured(step_, *series_->latest());
}

void Training::evaluate_when_due() {
  if (settings_.eval_every > 0 && step_ > 0 && step_ % settings_.eval_every == 0) evaluate();
}

void Training::checkpoint() {
  const DeferInterrupts until_written;
  Json results = {{"guard", guard_.state()},
                  {"held_out", series_->state()},
                  {"selection", selection_->state()}};
  if (result_.before) results["before"] = result_.before->to_json();
  write_checkpoint(settings_.output, {step_, elapsed_, results, run_json()}, *optimizer_,
                   kKeptCheckpoints,
                   [this](const fs::path& directory) { remining_->save(directory); });
  selection_->clean();
}

void Training::report(const std::string& state) const {
  if (!watch_->shows()) return;
  const DeferInterrupts until_written;
  const ReportedFacts facts = {
      {"Model", settings_.model},
      {"Parameters trained", fmt::format("{} of {}", trainable_.count, trainable_.all)},
      {"SHA-256 of its weights", directory_->contract().weights_sha256},
      {"Contract of the result", contract_.hash()},
      {"Steps", fmt::format("{} of {}", step_, total_steps_)}};
  const ReportedFacts resources = {
      {"Time of training", fmt::format("{:.0f} s", elapsed_)},
      {"Pairs a second, last run", fmt::format("{:.2f}", watch_->pairs_per_second())},
      {"Threads, device", fmt::format("{}, {}", threads_, settings_.device)},
      {"Memory, estimated before", memory_}};
  write_train_report({settings_, steps_->sources(), facts, resources}, state);
}

void Training::report_failure(const std::string& what) const {
  try {
    report(fmt::format("Ended after step {} of {}: {}", step_, total_steps_, what));
  } catch (const Error& error) {
    log_warning("there is no train_report.html: {}", error.what());
  }
}

void Training::loop() {
  watch_->begin({.steps = total_steps_,
                 .steps_done = step_,
                 .steps_per_epoch = steps_->steps_per_epoch(),
                 .pairs_per_step = steps_->batch_size(),
                 .seconds_allowed = settings_.max_seconds});
  const Stopwatch clock(elapsed_);
  evaluate_when_due();  // what a run that was stopped meanwhile has not done
  while (!done()) {
    if (remining_->due(step_)) {
      remining_->mine(model_, step_, *watch_);
      steps_->set_negatives(remining_->negatives());
    }
    take_steps(std::min(total_steps_, remining_->next(step_)), clock);
  }
  watch_->end();
  result_.pairs_per_second = watch_->pairs_per_second();
}

void Training::take_steps(int64_t last, const Stopwatch& clock) {
  const int64_t first = step_;
  Prefetcher<PreparedStep> steps(
      static_cast<size_t>(last - first), kStepsAhead, [this, first](size_t i) {
        return steps_->prepare(first + static_cast<int64_t>(i), directory_->inputs(), *source_,
                               std::max(1, threads_ / 2));
      });
  while (!done() && step_ < last) {
    throw_if_interrupted();
    take_step(std::move(*steps.next()), clock);
    evaluate_when_due();
    if (done()) break;  // finish() writes the last checkpoint
    if (settings_.checkpoint_every > 0 && step_ % settings_.checkpoint_every == 0) checkpoint();
  }
}

void Training::finish() {
  evaluate();
  checkpoint();
  const Selection::Chosen chosen = selection_->choose(step_);
  result_.after = chosen.result ? chosen.result : series_->latest();
  if (chosen.steps.size() > 1) {
    result_.after = series_->measure_mean(model_, step_, chosen.steps, *watch_);
  }
  result_.skipped = guard_.skipped();
  write_trained_model(*directory_, model_, trainable_, contract_, settings_);
  report(fmt::format("Finished after {} steps.", step_));
  const TrainSummary summary{trainable_.count, step_,         result_.skipped,
                             result_.before,   result_.after, selection_->to_json(chosen)};
  write_train_json(settings_, run_json(), &summary);
}

TrainResult Training::run() {
  if (settings_.resume) {
    if (is_finished(settings_.output)) {
      log_info("{} is finished already; nothing is left to do", settings_.output);
      result_.steps = total_steps_;
      return result_;
    }
    resume();
  } else {
    start_output(settings_, run_json());
  }
  watch_ = std::make_unique<TrainingWatch>(settings_, step_ > 0 ? step_ : -1);
  try {
    if (step_ == 0) {
      evaluate();
      result_.before = series_->latest();
    }
    loop();
    finish();
  } catch (const Error& error) {
    watch_->end();
    if (error.code() != ErrorCode::kInterrupted) {
      report_failure(error.what());
      throw;
    }
    checkpoint();
    report_failure("interrupted");
    fail(ErrorCode::kInterrupted,
         "interrupted after step {} of {}; the checkpoint is written, go on with --resume", step_,
         total_steps_);
  }
  result_.steps = step_;
  return result_;
}

}  // namespace

TrainResult train(const TrainSettings& settings, const StepObserver& observer) {
  Training training(settings, observer);
  return training.run();
}

}  // namespace recto
