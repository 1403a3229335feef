#include "learn/reading_trainer.h"

#include <cmath>
#include <memory>

#include "base/cpu.h"
#include "base/error.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/sha256.h"
#include "base/stopwatch.h"
#include "base/threads.h"
#include "learn/checkpoint.h"
#include "learn/freeze.h"
#include "learn/fresh_parameters.h"
#include "learn/measure_reading.h"
#include "learn/metrics_log.h"
#include "learn/muon.h"
#include "learn/parameter_changes.h"
#include "learn/parameter_file.h"
#include "learn/prefetch.h"
#include "learn/reading_blocks.h"
#include "learn/reading_model.h"
#include "learn/reading_step.h"
#include "learn/run_identity.h"
#include "learn/schedule.h"
#include "learn/torch_embedder.h"
#include "learn/torch_setup.h"
#include "learn/train_output.h"
#include "model/model_write.h"

namespace recto {
namespace fs = std::filesystem;
namespace {

constexpr int kKeptCheckpoints = 2;
constexpr const char* kMuonFile = "muon.safetensors";
constexpr const char* kHeadsFile = "reading_heads.safetensors";  // of a model that learned to read
// Measured on pages of the training: a model that does not read perfectly is searched best by
// whether a token is likely to be there (docs/decisions/0013-sparse-output.md).
constexpr int kReadGain = 16;
constexpr int kReadCandidates = 48;
constexpr int kReadTopN = 2048;
constexpr int kLeastOfPart = 4;                       // tiles of a batch in a part of it
constexpr uint64_t kOrderStream = uint64_t{1} << 40;  // beside those of the blocks

TileShape shape_of(const ModelConfig& config) {
  TileShape shape;
  shape.tile = config.vision.image_size;
  shape.patch = config.vision.patch_size;
  shape.scale = config.scale_factor;
  if (shape.tile % (shape.patch * shape.scale) != 0 || shape.patch % kSlotHeight != 0) {
    fail(ErrorCode::kUnsupported,
         "a model with tiles of {} pixels and patches of {} cannot be trained to read; patches of "
         "a multiple of {} pixels are wanted, and whole ones in a tile",
         shape.tile, shape.patch, kSlotHeight);
  }
  return shape;
}

/// The three channels of a grey page get the same gradient, so that AdamW moves what they add up to
/// three times as far as a weight of its own.
std::vector<ParameterGroup> groups_of(const std::vector<NamedParameter>& parameters) {
  ParameterGroup patches{.lr_factor = 1.0 / 3}, decaying, others{.decays = false};
  for (size_t i = 0; i < parameters.size(); ++i) {
    const bool sees = parameters[i].name == "vision_model.embeddings.patch_embedding.weight";
    (sees ? patches : parameters[i].decays ? decaying : others).members.push_back(i);
  }
  return {patches, decaying, others};
}

/// The sparse output of what was read.
SparseOutput read_output(int vocabulary) {
  SparseOutput output;
  output.gain = kReadGain;
  output.candidates = std::min(kReadCandidates, vocabulary);
  output.top_n = std::min(kReadTopN, vocabulary);
  return output;
}

class ReadingTraining {
 public:
  ReadingTraining(const TrainSettings& common, const ReadingSettings& reading,
                  const StepObserver& observer);
  ReadingResult run();

 private:
  void begin();
  void resume();
  void loop();
  void take_step(std::span<const ReadingTile> tiles);
  void measure();
  void checkpoint();
  void finish();
  void write_model() const;
  void write_json(bool finished) const;
  Json identity() const;
  size_t transcribed() const;
  int parts_of_a_batch() const;
  bool done() const { return step_ >= common_.max_steps; }

  TrainSettings common_;
  ReadingSettings reading_;
  ReadingLosses losses_;
  const StepObserver& observer_;
  std::shared_ptr<const ModelDirectory> directory_;
  torch::Device device_;
  int threads_ = 1;
  int parts_ = 1;  ///< of a batch, gone through at once: small layers keep no two threads busy
  TileShape shape_;
  std::unique_ptr<ReadingCorpus> corpus_;
  std::unique_ptr<ReadingBlocks> blocks_;
  Json run_;  ///< what a resumed run must agree in; read from the files once
  ReadingBlocks::HeldOut held_out_;
  ReadingModel model_{nullptr};
  std::unique_ptr<AdamW> adamw_;
  std::unique_ptr<Muon> muon_;
  std::unique_ptr<MetricsLog> metrics_;
  std::unique_ptr<Progress> progress_;
  std::unique_ptr<Stopwatch> clock_;
  int64_t step_ = 0;
  double elapsed_ = 0;
  double measuring_ = 0;  // seconds of this run
  ReadingResult result_;
};

ReadingTraining::ReadingTraining(const TrainSettings& common, const ReadingSettings& reading,
                                 const StepObserver& observer)
    : common_(common),
      reading_(reading),
      losses_(parse_reading_losses(common.loss)),
      observer_(observer),
      device_(checked_device(common_.device)) {
  check_output(common_.output, common_.resume);
  threads_ = common_.threads > 0 ? common_.threads : available_cores();
  set_up_torch(threads_, common_.seed, common_.device);
  directory_ = ModelDirectory::open(common_.model);
  if (directory_->contract().pooling == Pooling::kVocabulary) {
    fail(ErrorCode::kUsage,
         "{} makes its vectors of what it reads now, which another reading would change; start "
         "from the base it was made of",
         common_.model);
  }
  shape_ = shape_of(directory_->config());
  corpus_ = std::make_unique<ReadingCorpus>(common_, reading_);
  blocks_ = std::make_unique<ReadingBlocks>(*corpus_, common_, reading_, shape_,
                                            directory_->contract().views.longest_edge,
                                            directory_->tokenizer());
  held_out_ = blocks_->held_out(reading_.eval_tiles);
  model_ =
      ReadingModel(*directory_, shape_, common_.seed, parse_precision(common_.precision, device_));
  const fs::path heads = fs::path(common_.model) / kHeadsFile;
  if (fs::exists(heads)) read_parameters(heads, model_->heads());
  begin_anew(*model_, reading_.fresh, common_.seed);
  model_->to(device_);
  freeze(*model_, common_.freeze);
  model_->centre_embeddings();
  parts_ = parts_of_a_batch();
  at::set_num_threads(std::max(1, threads_ / parts_));
  const std::vector<NamedParameter> others = model_->others();
  adamw_ = std::make_unique<AdamW>(
      others, AdamWSettings{.beta2 = 0.98, .weight_decay = common_.weight_decay},
      groups_of(others));
  muon_ = std::make_unique<Muon>(model_->matrices(), common_.weight_decay, parts_);
  log_info("training {} parameters, and what learning to read needs besides; {} steps of {} tiles",
           model_->parameter_count(), common_.max_steps, common_.batch_size);
  run_ = identity();
  static_cast<void>(warmup_share(common_.warmup, common_.max_steps));  // says if it is too long
}

/// As many as there are threads, but for batches too small for it, and for gradients that would
/// fill the memory: each part has its own.
int ReadingTraining::parts_of_a_batch() const {
  if (!device_.is_cpu()) return 1;
  uint64_t gradients = 0;
  for (const torch::Tensor& parameter : model_->parameters()) {
    if (parameter.requires_grad()) gradients += parameter.nbytes();
  }
  const uint64_t fit = available_memory_bytes() / 4 / std::max<uint64_t>(1, gradients);
  const int most = std::min(threads_, common_.batch_size / kLeastOfPart);
  return std::max(1, static_cast<int>(std::min<uint64_t>(fit, static_cast<uint64_t>(most))));
}

Json ReadingTraining::identity() const {
  Json json = reading_json(common_, reading_);
  json["model_sha256"] = directory_->contract().weights_sha256;
  json["model_files"] = model_files(directory_->path());
  const fs::path heads = directory_->path() / kHeadsFile;
  if (fs::exists(heads)) json["heads_sha256"] = sha256_file(heads);
  json["contract"] = directory_->contract().hash();
  json["documents"] = corpus_->identity();
  return json;
}

size_t ReadingTraining::transcribed() const {
  if (losses_.transcription == 0) return 0;
  return static_cast<size_t>(std::lround(reading_.transcribed_tiles * common_.batch_size));
}

void ReadingTraining::write_json(bool finished) const {
  Json json = {{"format_version", 1},
               {"objective", "reading"},
               {"settings", reading_json(common_, reading_)},
               {"run", run_},
               {"finished", finished}};
  json["settings"]["max_steps"] = common_.max_steps;
  json["settings"]["threads"] = common_.threads;
  if (finished) {
    json["steps"] = step_;
    json["trained_parameters"] = model_->parameter_count();
    json["held_out"] = result_.measure ? result_.measure->to_json() : Json(nullptr);
  }
  write_file(fs::path(common_.output) / "train.json", pretty_json(json));
}

void ReadingTraining::resume() {
  remove_unfinished(fs::path(common_.output) / "checkpoints");
  const std::optional<fs::path> latest = latest_whole_checkpoint(common_.output);
  if (!latest) {
    check_same_begun_run(common_.output, run_, {});
    log_info("{} has no checkpoint yet; the run begins again", common_.output);
    return;
  }
  const CheckpointState state = read_checkpoint_state(*latest);
  check_same_run(state.run, run_, *latest, {});
  restore_checkpoint(*latest, *adamw_);
  read_parameters(*latest / kMuonFile, muon_->state());
  step_ = state.step;
  elapsed_ = state.elapsed_seconds;
  log_info("resuming after step {} of {}", step_, common_.max_steps);
}

void ReadingTraining::begin() {
  if (common_.resume) {
    resume();
  } else {
    make_directories(common_.output);
  }
  write_json(/*finished=*/false);
  metrics_ = std::make_unique<MetricsLog>(fs::path(common_.output) / "metrics.jsonl",
                                          step_ > 0 ? step_ : -1);
}

void ReadingTraining::checkpoint() {
  const DeferInterrupts until_written;
  const CheckpointState state{step_, elapsed_, Json::object(), run_};
  write_checkpoint(common_.output, state, *adamw_, kKeptCheckpoints, [&](const fs::path& folder) {
    write_parameters(folder / kMuonFile, muon_->state());
  });
}

void ReadingTraining::measure() {
  if (held_out_.tiles.empty()) return;
  progress_->pause();
  const Stopwatch watch;
  result_.measure = measure_reading(model_, held_out_, shape_, directory_->tokenizer(), parts_);
  measuring_ += watch.seconds();
  Json line = result_.measure->to_json();
  line["step"] = step_;
  line["held_out"] = true;
  metrics_->add(line);
  log_info("held out after step {}: {}", step_, result_.measure->text());
  progress_->go_on();
}

void ReadingTraining::take_step(std::span<const ReadingTile> tiles) {
  const double factor =
      reading_rate_factor(step_, common_.max_steps, common_.warmup, reading_.decay);
  adamw_->zero_gradients();
  muon_->zero_gradients();
  const ReadingStepLosses losses =
      read_with_gradients(model_, tiles, shape_, device_,
                          {.weights = losses_,
                           .transcribed = transcribed(),
                           .parts = parts_,
                           .seed = common_.seed,
                           .stream = kOrderStream + static_cast<uint64_t>(step_)});
  const double norm = adamw_->clip_gradients(common_.clip), matrix_norm = muon_->gradient_norm();
  result_.last_loss = losses.sum;
  if (!std::isfinite(result_.last_loss + norm + matrix_norm)) {
    fail(ErrorCode::kInternal,
         "step {}: loss {}, gradient {} of the matrices and {} of the rest; go on from the latest "
         "checkpoint with a smaller --muon-lr or --lr",
         step_ + 1, result_.last_loss, matrix_norm, norm);
  }
  adamw_->step(reading_learning_rate(common_) * factor);
  muon_->step(reading_.muon_lr * factor);
  ++step_;
  elapsed_ = clock_->seconds() - measuring_;
  Json line = losses.each;
  line.update({{"step", step_},
               {"loss", result_.last_loss},
               {"learning_rate", reading_learning_rate(common_) * factor},
               {"gradient_norm", norm},
               {"matrix_gradient_norm", matrix_norm},
               {"seconds", elapsed_}});
  metrics_->add(line);
  progress_->advance();
  progress_->set_note(fmt::format("loss {:.3f}", result_.last_loss));
  if (observer_) observer_(step_, result_.last_loss);
}

void ReadingTraining::loop() {
  const int64_t block_steps = blocks_->steps(), first_block = step_ / block_steps;
  const int64_t blocks = (common_.max_steps + block_steps - 1) / block_steps - first_block;
  Prefetcher<std::vector<ReadingTile>> ahead(
      static_cast<size_t>(std::max<int64_t>(0, blocks)), 1,
      [&](size_t i) { return blocks_->make(first_block + static_cast<int64_t>(i)); });
  while (!done()) {
    const std::vector<ReadingTile> tiles = *ahead.next();
    while (!done()) {
      throw_if_interrupted();
      const int64_t place = step_ % block_steps;
      const auto batch = static_cast<size_t>(common_.batch_size);
      take_step(std::span(tiles).subspan(static_cast<size_t>(place) * batch, batch));
      if (!done() && common_.eval_every > 0 && step_ % common_.eval_every == 0) measure();
      if (!done() && common_.checkpoint_every > 0 && step_ % common_.checkpoint_every == 0) {
        checkpoint();
      }
      if (place + 1 == block_steps) break;
    }
  }
}

void ReadingTraining::write_model() const {
  const Weights& weights = directory_->weights();
  const TensorChanges changes =
      parameter_changes(model_->named_parameters(), weights, directory_->config());
  Contract contract = directory_->contract();
  std::optional<SparseHead> head = directory_->sparse_head();
  if (losses_.bag > 0) {
    contract.sparse = read_output(directory_->config().text.vocab_size);
    head = model_->sparse_head();
  }
  write_parameters(fs::path(common_.output) / kHeadsFile, model_->heads());
  write_model_into(common_.output, *directory_, weights, changes,
                   parse_weights_dtype(common_.dtype), std::move(contract), head);
}

void ReadingTraining::finish() {
  measure();
  checkpoint();
  write_model();
  write_json(/*finished=*/true);
}

ReadingResult ReadingTraining::run() {
  begin();
  const int64_t first = step_;
  progress_ = std::make_unique<Progress>("training",
                                         static_cast<uint64_t>(common_.max_steps - first), "steps");
  const Stopwatch run_watch;
  clock_ = std::make_unique<Stopwatch>(elapsed_);
  try {
    loop();
    result_.tiles_per_second = static_cast<double>((step_ - first) * common_.batch_size) /
                               std::max(1e-9, run_watch.seconds() - measuring_);
    finish();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kInterrupted) throw;
    checkpoint();
    fail(ErrorCode::kInterrupted,
         "interrupted after step {} of {}; the checkpoint is written, go on with --resume", step_,
         common_.max_steps);
  }
  result_.steps = step_;
  return result_;
}

}  // namespace

ReadingResult train_reading(const TrainSettings& common, const ReadingSettings& reading,
                            const StepObserver& observer) {
  check_reading_settings(common, reading);
  return ReadingTraining(common, reading, observer).run();
}

}  // namespace recto
