#include "learn/training_bench.h"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <limits>

#include "base/cpu.h"
#include "base/error.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/random.h"
#include "base/threads.h"
#include "engine/gemm_selftest.h"
#include "learn/chunk_plan.h"
#include "learn/feature_source.h"
#include "learn/grad_cache.h"
#include "learn/losses.h"
#include "learn/memory_estimate.h"
#include "learn/torch_setup.h"
#include "learn/trainable.h"
#include "learn/trained_size.h"
#include "learn/training_flops.h"
#include "model/model_directory.h"

namespace recto {
namespace {

constexpr int kPageWidth = 1240;
constexpr int kPageHeight = 1754;
constexpr int kLoraRank = 32;

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// By the wall clock and by the processor's.
struct Seconds {
  double wall = std::numeric_limits<double>::infinity();
  double cpu = std::numeric_limits<double>::infinity();
};

template <typename Work>
Seconds timed(const Work& work) {
  const Clock::time_point start = Clock::now();
  const std::clock_t cpu = std::clock();
  work();
  return {seconds_since(start), static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC};
}

Image made_up_page(uint64_t seed) {
  Random random(seed);
  Image page{kPageWidth, kPageHeight, {}};
  page.rgb.resize(static_cast<size_t>(kPageWidth) * kPageHeight * 3);
  for (uint8_t& value : page.rgb) value = static_cast<uint8_t>(random.next() >> 56);
  return page;
}

PictureId picture(size_t page) {
  const std::string name = fmt::format("made-up page {}", page);
  return {sha256_digest(as_bytes(name)), 0};
}

class TrainingBench {
 public:
  explicit TrainingBench(const TrainingBenchOptions& options);
  Json run();

 private:
  MemoryEstimate estimate(const Trainable& trainable) const;
  void make_inputs();
  torch::Tensor features(size_t page);
  Chunks chunks(const std::vector<Sequence>& sequences) const;
  void step(size_t first);
  void epoch();
  double gflop_per_step() const;
  /// Views that have gone through the vision tower.
  int64_t seen_views() const;

  TrainingBenchOptions options_;
  int threads_;
  std::shared_ptr<const ModelDirectory> directory_;
  RetrieverModel model_{nullptr};
  std::unique_ptr<AdamW> optimizer_;
  std::unique_ptr<FeatureSource> source_;
  std::vector<ModelInput> queries_, pages_;
  int views_ = 0;
  bool chunked_ = false;
  uint64_t estimated_bytes_ = 0;
  double image_to_views_ms_ = 0;
};

TrainingBench::TrainingBench(const TrainingBenchOptions& options)
    : options_(options), threads_(options.threads > 0 ? options.threads : available_cores()) {
  if (options_.pages == 0) options_.pages = options_.batch_size;
  if (options_.pages < options_.batch_size) {
    fail(ErrorCode::kUsage, "--pages is {}; at least the {} of a step are wanted", options_.pages,
         options_.batch_size);
  }
  set_up_torch(threads_, 0, "cpu");
  directory_ = ModelDirectory::open(options_.model, {.longest_edge = options_.longest_edge});
  TrainSettings settings;
  settings.method = options_.method;
  settings.lora_r = kLoraRank;
  settings.threads = threads_;
  const bool sees =
      torch_sees(trained_size(directory_->config(), settings, std::nullopt), settings);
  model_ = RetrieverModel(directory_->config(), directory_->contract(),
                          sees ? Eyes::kWith : Eyes::kWithout);
  model_->load(directory_->weights());
  const Trainable trainable = choose_trainable(model_, settings, "");
  optimizer_ = std::make_unique<AdamW>(trainable.parameters, AdamWSettings{});
  const uint64_t memory = options_.features == "cached" ? uint64_t{1} << 40 : 0;
  source_ = open_feature_source(directory_, model_, settings, memory);
  make_inputs();
  estimated_bytes_ = estimate(trainable).total();
}

/// What a training of this kind would say before its start.
MemoryEstimate TrainingBench::estimate(const Trainable& trainable) const {
  MemoryRequest request;
  request.parameters = trainable.all;
  const uint64_t eyes = encoder_bytes(directory_->config());
  if (source_ != nullptr) request.parameters -= static_cast<int64_t>(eyes / sizeof(float));
  request.trained = trainable.count;
  request.queries_in_step = request.pages_in_step = options_.batch_size;
  request.pages_in_data = options_.features == "cached" ? options_.pages : 0;
  request.views = views_;
  request.vision_trained = model_->vision_trained();
  if (source_ != nullptr && options_.features != "random") {
    request.encoder = eyes;
  }
  request.chunk_size = options_.chunk_size;
  return estimate_memory(directory_->config(), request, uint64_t{1} << 40);
}

void TrainingBench::make_inputs() {
  for (int i = 0; i < options_.pages; ++i) {
    queries_.push_back(directory_->inputs().query(
        fmt::format("page {} on the maintenance of pressure valves in cold weather", i)));
    const Image page = made_up_page(static_cast<uint64_t>(i));
    const Clock::time_point start = Clock::now();
    pages_.push_back(directory_->inputs().document(page));
    image_to_views_ms_ += seconds_since(start) * 1e3 / options_.pages;
    views_ = pages_.back().view_count();
    if (options_.features == "random") pages_.back().images.clear();
  }
}

/// Undefined when the vision tower is trained.
torch::Tensor TrainingBench::features(size_t page) {
  ModelInput& input = pages_[page];
  const int64_t tokens = views_ * directory_->config().image_seq_len();
  if (source_ == nullptr) return {};
  if (options_.features == "random") {
    return torch::randn({tokens, directory_->config().text.hidden_size});
  }
  const PictureId id = picture(page);
  if (const std::optional<PageFeatures> known = source_->find(id)) return known->features;
  const FeatureSource::Missing missing{id, &input};
  torch::Tensor computed = source_->compute({&missing, 1})[0].features;
  if (options_.features == "cached") input.images.clear();  // as a training does
  return computed;
}

/// As many pages go together as are asked for.
Chunks TrainingBench::chunks(const std::vector<Sequence>& sequences) const {
  const ModelConfig& config = directory_->config();
  const bool vision_trained = model_->vision_trained();
  const uint64_t page = page_activation_bytes(config, views_, vision_trained);
  return plan_chunks(config, vision_trained, sequences, static_cast<size_t>(options_.batch_size),
                     page * static_cast<uint64_t>(options_.chunk_size));
}

void TrainingBench::step(size_t first) {
  throw_if_interrupted();
  const auto pairs = static_cast<size_t>(options_.batch_size);
  std::vector<Sequence> sequences;
  for (size_t i = first; i < first + pairs; ++i) sequences.push_back({&queries_[i], {}, 0});
  for (size_t i = first; i < first + pairs; ++i) sequences.push_back({&pages_[i], features(i), 0});
  optimizer_->zero_gradients();
  const Chunks planned = chunks(sequences);
  chunked_ = planned.size() > 1;
  ChunkedEncoder encoder(model_, sequences, planned, /*training=*/true);
  const torch::Tensor vectors = encoder.encode();
  LossInput input;
  input.queries = vectors.narrow(0, 0, options_.batch_size);
  input.positives = vectors.narrow(0, options_.batch_size, options_.batch_size);
  loss_value(LossKind::kInfoNce, input).backward();
  encoder.backward(vectors.grad());
  optimizer_->clip_gradients(1);
  optimizer_->step(1e-6);
}

void TrainingBench::epoch() {
  const auto pairs = static_cast<size_t>(options_.batch_size);
  for (size_t first = 0; first + pairs <= pages_.size(); first += pairs) step(first);
}

double TrainingBench::gflop_per_step() const {
  const auto pairs = static_cast<size_t>(options_.batch_size);
  std::vector<int64_t> lengths;
  for (size_t i = 0; i < pairs; ++i) {
    lengths.push_back(static_cast<int64_t>(queries_[i].ids.size()));
    lengths.push_back(static_cast<int64_t>(pages_[i].ids.size()));
  }
  const ModelConfig& config = directory_->config();
  const bool full = options_.method == "full";
  const double vision = vision_view_flops(config) * views_ * options_.batch_size;
  double flops = text_step_flops(config, lengths, full ? 0 : kLoraRank, full, chunked_);
  if (full) flops += vision * (chunked_ ? 4 : 3);
  if (!full && options_.features == "uncached") flops += vision;
  return flops / 1e9;
}

int64_t TrainingBench::seen_views() const {
  return source_ != nullptr ? source_->counts().vision_views : model_->vision_views();
}

Json TrainingBench::run() {
  const Seconds first = timed([&] { epoch(); });
  const int64_t seen_first = seen_views();
  Seconds best = options_.epochs == 0 ? first : Seconds();
  for (int i = 0; i < options_.epochs; ++i) {
    const Seconds seconds = timed([&] { epoch(); });
    best.wall = std::min(best.wall, seconds.wall);
    best.cpu = std::min(best.cpu, seconds.cpu);
  }
  const int steps = options_.pages / options_.batch_size;
  const int pairs = steps * options_.batch_size;
  const auto speed = [&](double first_epoch, double epoch) {
    return Json{{"first_epoch_seconds", first_epoch},
                {"epoch_seconds", epoch},
                {"seconds_per_step", epoch / steps},
                {"pairs_per_second", pairs / epoch},
                {"gflops", gflop_per_step() * steps / epoch}};
  };
  const uint64_t memory = peak_memory_bytes();
  const GemmSelfTest selftest = gemm_selftest(threads_);
  Json result = speed(first.wall, best.wall);
  result["cpu"] = speed(first.cpu, best.cpu);
  result["selftest_gflops"] = selftest.gflops;
  result["cpu"]["selftest_gflops"] = selftest.cpu_gflops;
  result["gflop_per_step"] = gflop_per_step();
  result["views_per_page"] = views_;
  result["later_vision_views"] = seen_views() - seen_first;
  result["threads"] = threads_;
  result["method"] = options_.method;
  result["features"] = options_.features;
  result["peak_memory_bytes"] = memory;
  result["estimated_memory_bytes"] = estimated_bytes_;
  result["image_to_views_ms"] = image_to_views_ms_;
  return result;
}

}  // namespace

Json run_training_bench(const TrainingBenchOptions& options) {
  return TrainingBench(options).run();
}

}  // namespace recto
