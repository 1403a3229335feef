#include "learn/trainer.h"

#include <cmath>
#include <limits>
#include <memory>

#include "base/cpu.h"
#include "base/error.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/stopwatch.h"
#include "base/threads.h"
#include "learn/checkpoint.h"
#include "learn/early_end.h"
#include "learn/features_ahead.h"
#include "learn/held_out_series.h"
#include "learn/memory_request.h"
#include "learn/parameter_groups.h"
#include "learn/precision.h"
#include "learn/prefetch.h"
#include "learn/process_group.h"
#include "learn/remining.h"
#include "learn/run_identity.h"
#include "learn/schedule.h"
#include "learn/selection.h"
#include "learn/shared_start.h"
#include "learn/sparse_objective.h"
#include "learn/start_checks.h"
#include "learn/starting_head.h"
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

class Training {
 public:
  Training(const TrainSettings& settings, const StepObserver& observer, ProcessGroup& group);
  TrainResult run();

 private:
  void open_directory();
  void open_model();
  void attach_sparse();
  void measure_idf();
  void plan_steps();
  void plan_memory();
  void open_pages();
  void begin();
  void resume();
  void restore(const fs::path& checkpoint);
  void compute_features();
  void loop();
  /// The steps up to `last`, which have the same hard negatives.
  void take_steps(int64_t last, const Stopwatch& clock);
  void finish();
  [[noreturn]] void end_early(const Error& error);

  void take_step(PreparedStep prepared, const Stopwatch& clock);
  /// Loss, gradients and the step, or the step is skipped when loss or gradients are not numbers.
  void update(const PreparedStep& prepared, StepRecord& record);
  void skip(const PreparedStep& prepared, const StepLoss& loss, StepRecord& record);
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
  ProcessGroup& group_;
  const int asked_chunk_size_;
  int threads_;
  std::shared_ptr<const ModelDirectory> directory_;
  Contract contract_;  // of the output
  std::unique_ptr<StepSource> steps_;
  std::unique_ptr<EdgeInputs> inputs_;
  RetrieverModel model_{nullptr};
  Trainable trainable_;
  std::unique_ptr<AdamW> optimizer_;
  std::unique_ptr<FeatureSource> features_;
  std::unique_ptr<PageSource> source_;
  std::unique_ptr<TrainingWatch> watch_;
  std::unique_ptr<SparseObjective> sparse_;  // null when nothing asks for the sparse output
  bool dense_is_fresh_ = false;              // the vectors' matrix begins with this run
  std::unique_ptr<StepGradients> step_gradients_;
  MemoryEstimate estimate_;
  std::unique_ptr<Remining> remining_;
  int64_t total_steps_ = 0;
  double warmup_ = 0;  // share of the training
  int64_t step_ = 0;
  double elapsed_ = 0;
  bool finished_ = false;  // by an earlier run
  StepGuard guard_;
  std::unique_ptr<HeldOutSeries> series_;
  std::unique_ptr<Selection> selection_;
  TrainResult result_;
};

Training::Training(const TrainSettings& settings, const StepObserver& observer, ProcessGroup& group)
    : settings_(settings),
      observer_(observer),
      group_(group),
      asked_chunk_size_(settings.chunk_size),
      guard_(settings.learning_rate(), group.is_first()) {
  if (group_.is_first()) check_output(settings_.output, settings_.resume);
  threads_ = settings_.threads > 0 ? settings_.threads
                                   : std::max(1, available_cores() / group_.on_these_cores());
  if (group_.size() > 1 && settings_.device == "cuda") {
    settings_.device = fmt::format("cuda:{}", group_.local_rank());
  }
  set_up_torch(threads_, settings_.seed, settings_.device);
  steps_ = open_steps(settings_, group_);
  open_directory();
  plan_steps();
  plan_memory();
  open_model();
  open_pages();
}

void Training::open_directory() {
  const ContractOverrides overrides{.longest_edge = settings_.longest_edge,
                                    .second_edge = settings_.second_edge};
  directory_ = ModelDirectory::open_unmerged(settings_.model, overrides, settings_.adapter);
  check_start(*directory_, settings_);
  contract_ = output_contract(*directory_, settings_);
  check_method(contract_, settings_);
  inputs_ = std::make_unique<EdgeInputs>(*directory_, contract_, settings_.longest_edges);
}

void Training::open_model() {
  const TrainedSize size = trained_size(directory_->config(), settings_, directory_->adapter());
  model_ = RetrieverModel(directory_->config(), contract_,
                          torch_sees(size, settings_) ? Eyes::kWith : Eyes::kWithout);
  model_->load(directory_->weights());
  if (settings_.sparse_weight > 0 || contract_.pooling == Pooling::kVocabulary) attach_sparse();
  trainable_ = choose_trainable(model_, settings_, contract_.base_model, directory_->adapter());
  model_->to(torch::Device(checked_device(settings_.device)));
  log_info("training {} of {} parameters", trainable_.count, trainable_.all);
  model_->set_computation(parse_precision(settings_.precision, model_->device()),
                          settings_.gradient_checkpointing);
  step_gradients_ = std::make_unique<StepGradients>(settings_, contract_, steps_->train(), model_,
                                                    estimate_.page, group_);
  if (settings_.sparse_weight > 0) step_gradients_->add_sparse(sparse_.get());
  std::vector<NamedParameter> parameters = trainable_.parameters;
  if (const auto temperature = step_gradients_->parameter()) parameters.push_back(*temperature);
  optimizer_ = std::make_unique<AdamW>(
      parameters, AdamWSettings{.weight_decay = settings_.weight_decay},
      group_parameters(parameters, settings_.lr_groups, settings_.no_decay));
  selection_ = std::make_unique<Selection>(settings_, std::move(parameters), group_);
}

void Training::attach_sparse() {
  const StartingHead start = starting_head(*directory_, contract_, settings_.seed);
  dense_is_fresh_ = start.dense_is_fresh;
  model_->attach_sparse(start.head, *contract_.sparse);
  sparse_ = std::make_unique<SparseObjective>(settings_, directory_->tokenizer(), steps_->train(),
                                              directory_->config().text.vocab_size,
                                              contract_.sparse->gain);
}

// By the model as the run begins, on resuming too: before a checkpoint is read. A fresh matrix is
// scaled so that the vectors of a page and of a query share one idf between them.
void Training::measure_idf() {
  if (settings_.sparse_weight <= 0 && !dense_is_fresh_) return;
  sparse_->measure_idf(model_, *source_, std::max(1, threads_ / 2), group_);
  if (dense_is_fresh_) model_->sparse()->scale_dense(sparse_->idf().clamp_min(0).sqrt());
}

void Training::plan_steps() {
  total_steps_ = count_steps(settings_.epochs, steps_->steps_per_epoch(), settings_.max_steps);
  warmup_ = warmup_share(settings_.warmup, total_steps_);
  log_info("{} steps of {} pairs", total_steps_, steps_->batch_size());
  if (group_.size() > 1) log_info("each step is divided among {} processes", group_.size());
}

void Training::plan_memory() {
  const MemoryRequest request = memory_request(*steps_, settings_, *directory_, contract_, group_);
  const auto neighbours = static_cast<uint64_t>(group_.on_this_machine());
  estimate_ = estimate_memory(directory_->config(), request, available_memory_bytes() / neighbours);
  settings_.chunk_size = static_cast<int>(group_.least(estimate_.chunk_size));
  log_info("{}", estimate_.text());
  if (settings_.device == "cpu") estimate_.check();
}

void Training::open_pages() {
  features_ = open_feature_source(directory_, model_, settings_, estimate_.feature_limit);
  source_ = std::make_unique<PageSource>(steps_->sources(), *inputs_, features_.get());
  const int threads = std::max(1, threads_ / 2);
  remining_ = std::make_unique<Remining>(settings_, steps_->train(), inputs_->own(), *source_,
                                         threads, group_);
  series_ = std::make_unique<HeldOutSeries>(inputs_->own(), steps_->held_out(), *source_, threads,
                                            group_);
}

Json Training::run_json() const {
  return run_identity(settings_, *directory_, contract_, *steps_, step_gradients_->knowledge());
}

void Training::resume() {
  for (const char* folder : {"checkpoints", "best"}) {
    remove_unfinished(fs::path(settings_.output) / folder);
  }
  // The way a step is cut into chunks decides the last bits, so it stays unless asked for.
  if (asked_chunk_size_ == 0) settings_.chunk_size = saved_chunk_size(settings_.output);
  const std::optional<fs::path> latest = latest_whole_checkpoint(settings_.output);
  if (finished_) return check_same_begun_run(settings_.output, run_json(), settings_.data);
  if (!latest) {
    check_same_begun_run(settings_.output, run_json(), settings_.data);
    log_info("{} has no checkpoint yet; the run begins again", settings_.output);
    return;
  }
  restore(*latest);
}

void Training::restore(const fs::path& checkpoint) {
  const CheckpointState state = read_checkpoint_state(checkpoint);
  check_same_run(state.run, run_json(), checkpoint, settings_.data);
  restore_checkpoint(checkpoint, *optimizer_);
  remining_->restore(checkpoint);
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

void Training::update(const PreparedStep& prepared, StepRecord& record) {
  optimizer_->zero_gradients();
  const StepLoss loss = step_gradients_->compute(prepared, step_, optimizer_->parameters());
  record.loss = loss.value;
  record.terms = loss.terms;
  record.masked = loss.masked;
  const std::optional<StepWarning> warnings[] = {
      guard_.idle(record.step, loss.idle, record.pairs, loss.documents, loss.masked),
      guard_.look(record.step, loss.page_cosine, prepared.batch.pages.size())};
  for (const auto& warning : warnings) {
    if (warning) watch_->warned(record.step, warning->kind, warning->details);
  }
  if (std::isfinite(loss.value)) record.gradient_norm = optimizer_->clip_gradients(settings_.clip);
  if (!std::isfinite(loss.value) || !std::isfinite(record.gradient_norm)) {
    skip(prepared, loss, record);
    return;
  }
  optimizer_->step(record.learning_rate);
  step_gradients_->stepped();
  guard_.accept();
  result_.last_loss = loss.value;
}

void Training::skip(const PreparedStep& prepared, const StepLoss& loss, StepRecord& record) {
  const bool of_loss = !std::isfinite(loss.value);
  const StepWarning warning =
      guard_.skip(record.step, of_loss ? "loss" : "gradient",
                  of_loss ? loss.value : record.gradient_norm, steps_->ids(prepared.batch));
  watch_->warned(record.step, warning.kind, warning.details);
  record.loss = std::numeric_limits<double>::quiet_NaN();
}

void Training::take_step(PreparedStep prepared, const Stopwatch& clock) {
  source_->complete(prepared.pages);
  StepRecord record;
  record.step = step_ + 1;
  record.pairs = prepared.batch.queries.size();
  record.learning_rate =
      settings_.learning_rate() *
      schedule_factor(progress_share(), warmup_, parse_schedule(settings_.schedule));
  record.temperature = step_gradients_->learned_temperature();
  update(prepared, record);
  ++step_;
  elapsed_ = settings_.max_seconds > 0 ? group_.broadcast(clock.seconds()) : clock.seconds();
  record.seconds = elapsed_;
  record.learning_rate *= optimizer_->largest_lr_factor();
  watch_->step(record);
  guard_.check();
  if (observer_) observer_(step_, record.loss);
}

// A run of a whole epoch that may take the time computes what is missing at once, of the pages that
// can stand in a step. With several sizes none is sure to be seen at one of them.
void Training::compute_features() {
  if (features_ == nullptr || !features_->has_store()) return;
  if (settings_.max_seconds > 0 || total_steps_ < steps_->steps_per_epoch()) return;
  std::vector<PageRequest> pages = requests(steps_->held_out().pages);
  if (settings_.longest_edges.empty()) {
    for (const size_t page : pages_in_steps(steps_->train(), negative_pages(settings_))) {
      pages.push_back({&steps_->train().pages[page]});
    }
  }
  compute_features_ahead(*source_, *features_, pages, threads_);
}

void Training::evaluate() {
  if (!series_->measure(model_, step_, *watch_)) return;
  if (step_ > 0) selection_->measured(step_, *series_->latest());
}

void Training::evaluate_when_due() {
  if (settings_.eval_every > 0 && step_ > 0 && step_ % settings_.eval_every == 0) evaluate();
}

void Training::checkpoint() {
  if (!group_.is_first()) return;
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
      {"Most memory", fmt::format("{} MB; {}", peak_memory_bytes() / 1'000'000, estimate_.text())}};
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
        return steps_->prepare(first + static_cast<int64_t>(i), inputs_->own(), *source_,
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
  guard_.conclude(step_);
  if (features_ != nullptr) result_.features = features_->counts();
  if (!group_.is_first()) return;
  if (result_.before && result_.after) warn_when_worse(*result_.before, *result_.after);
  write_trained_model(*directory_, model_, trainable_, contract_, settings_);
  report(fmt::format("Finished after {} steps.", step_));
  const TrainSummary summary{.trained_parameters = trainable_.count,
                             .steps = step_,
                             .skipped = result_.skipped,
                             .before = result_.before,
                             .after = result_.after,
                             .features = result_.features,
                             .learned_temperature = step_gradients_->learned_temperature(),
                             .selection = selection_->to_json(chosen)};
  if (summary.features) {
    log_info("features: {} pages from the store, {} computed", summary.features->from_store,
             summary.features->computed);
  }
  write_train_json(settings_, run_json(), &summary);
}

// Rank 0 knows where the training stands; the others begin with what it has.
void Training::begin() {
  if (group_.is_first()) {
    finished_ = settings_.resume && is_finished(settings_.output);
    if (!settings_.resume) start_output(settings_, run_json());
    if (settings_.resume) resume();
  }
  Json place = {{"finished", finished_},
                {"step", step_},
                {"elapsed_seconds", elapsed_},
                {"guard", guard_.state()},
                {"held_out", series_->state()},
                {"selection", selection_->state()},
                {"chunk_size", settings_.chunk_size},
                {"before", result_.before ? result_.before->to_json() : Json(nullptr)}};
  share_start(group_, run_json(), place, *optimizer_);
  remining_->share();
  steps_->set_negatives(remining_->negatives());
  if (group_.is_first()) return;
  finished_ = place["finished"];
  step_ = place["step"];
  elapsed_ = place["elapsed_seconds"];
  guard_.restore(place["guard"], "rank 0");
  series_->restore(place["held_out"], "rank 0");
  selection_->restore(place["selection"], "rank 0");
  settings_.chunk_size = place["chunk_size"];
  if (!place["before"].is_null()) {
    result_.before = HeldOutResult::from_json(place["before"], "rank 0");
  }
}

// The state is that after the last whole step, whatever ended the run between two of them.
void Training::end_early(const Error& error) {
  watch_->end();
  const Error cause = group_.leave(error);
  const bool can_go_on = worth_a_checkpoint(group_, cause);
  if (can_go_on) checkpoint();
  report_failure(cause.code() == ErrorCode::kInterrupted ? "interrupted" : cause.what());
  throw can_go_on ? early_end(group_, cause, step_, total_steps_) : cause;
}

TrainResult Training::run() {
  result_.rank = group_.rank();
  measure_idf();
  begin();
  if (finished_) {
    log_info("{} is finished already; nothing is left to do", settings_.output);
    result_.steps = total_steps_;
    return result_;
  }
  watch_ = group_.is_first() ? std::make_unique<TrainingWatch>(settings_, step_ > 0 ? step_ : -1)
                             : std::make_unique<TrainingWatch>();
  try {
    compute_features();
    if (step_ == 0) {
      evaluate();
      result_.before = series_->latest();
    }
    loop();
    finish();
  } catch (const Error& error) {
    end_early(error);
  }
  result_.steps = step_;
  return result_;
}

}  // namespace

TrainResult train(const TrainSettings& settings, const StepObserver& observer) {
  check_train_settings(settings);
  ProcessGroup group(read_rendezvous(), settings.dist_timeout);
  if (!group.is_first()) {  // rank 0 speaks for all
    set_log_level(LogLevel::kWarning);
    set_progress_shown(false);
  }
  try {
    Training training(settings, observer, group);
    const TrainResult result = training.run();
    group.finish();
    return result;
  } catch (const Error& error) {
    throw group.leave(error);
  } catch (const std::exception& error) {
    static_cast<void>(group.leave(Error(ErrorCode::kInternal, error.what())));
    throw;
  }
}

}  // namespace recto
