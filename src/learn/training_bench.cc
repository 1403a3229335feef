#include "learn/training_bench.h"

#include <algorithm>
#include <chrono>
#include <limits>

#include "base/cpu.h"
#include "base/interrupt.h"
#include "base/random.h"
#include "base/threads.h"
#include "learn/grad_cache.h"
#include "learn/losses.h"
#include "learn/torch_setup.h"
#include "learn/trainable.h"
#include "model/model_directory.h"

namespace recto {
namespace {

constexpr int kPageWidth = 1240;
constexpr int kPageHeight = 1754;

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

Image made_up_page(uint64_t seed) {
  Random random(seed);
  Image page{kPageWidth, kPageHeight, {}};
  page.rgb.resize(static_cast<size_t>(kPageWidth) * kPageHeight * 3);
  for (uint8_t& value : page.rgb) value = static_cast<uint8_t>(random.next() >> 56);
  return page;
}

struct BenchInputs {
  std::vector<ModelInput> queries, pages;
  double image_to_views_ms = 0;
};

BenchInputs make_inputs(const InputBuilder& builder, int count) {
  BenchInputs inputs;
  for (int i = 0; i < count; ++i) {
    inputs.queries.push_back(builder.query(
        fmt::format("page {} on the maintenance of pressure valves in cold weather", i)));
    const Image page = made_up_page(static_cast<uint64_t>(i));
    const Clock::time_point start = Clock::now();
    inputs.pages.push_back(builder.document(page));
    inputs.image_to_views_ms += seconds_since(start) * 1e3 / count;
  }
  return inputs;
}

std::vector<Sequence> sequences(const BenchInputs& inputs, RetrieverModel& model) {
  std::vector<Sequence> all;
  for (const ModelInput& query : inputs.queries) all.push_back({&query, {}, 0});
  for (const ModelInput& page : inputs.pages) {
    all.push_back({&page, {}, 0});
    if (!model->vision_trained()) all.back().features = model->visual_features(page);
  }
  return all;
}

void step(RetrieverModel& model, AdamW& optimizer, const std::vector<Sequence>& sequences,
          int64_t pairs, int chunk_size) {
  throw_if_interrupted();
  optimizer.zero_gradients();
  ChunkedEncoder encoder(model, sequences,
                         chunk_sizes(static_cast<size_t>(pairs), static_cast<size_t>(pairs),
                                     static_cast<size_t>(chunk_size)),
                         /*training=*/true);
  const torch::Tensor vectors = encoder.encode();
  LossInput input;
  input.queries = vectors.narrow(0, 0, pairs);
  input.positives = vectors.narrow(0, pairs, pairs);
  loss_value(LossKind::kInfoNce, input).backward();
  encoder.backward(vectors.grad());
  optimizer.clip_gradients(1);
  optimizer.step(1e-6);
}

}  // namespace

Json run_training_bench(const TrainingBenchOptions& options) {
  const int threads = options.threads > 0 ? options.threads : available_cores();
  set_up_torch(threads, 0, "cpu");
  ContractOverrides overrides;
  overrides.longest_edge = options.longest_edge;
  const auto directory = ModelDirectory::open(options.model, overrides);
  RetrieverModel model(directory->config(), directory->contract());
  model->load(directory->weights());
  TrainSettings settings;
  settings.method = options.method;
  AdamW optimizer(choose_trainable(model, settings, "").parameters, {});
  const BenchInputs inputs = make_inputs(directory->inputs(), options.batch_size);
  const std::vector<Sequence> all = sequences(inputs, model);
  double best = std::numeric_limits<double>::infinity();
  for (int i = 0; i <= options.steps; ++i) {
    const Clock::time_point start = Clock::now();
    step(model, optimizer, all, options.batch_size, options.chunk_size);
    if (i > 0) best = std::min(best, seconds_since(start));
  }
  return {{"pairs_per_second", options.batch_size / best},
          {"seconds_per_step", best},
          {"views_per_page", inputs.pages.front().view_count()},
          {"threads", threads},
          {"method", options.method},
          {"peak_memory_bytes", peak_memory_bytes()},
          {"image_to_views_ms", inputs.image_to_views_ms}};
}

}  // namespace recto
