#include "bench/measures.h"

#include <time.h>

#include <algorithm>
#include <chrono>
#include <functional>

#include "base/error.h"
#include "base/file.h"
#include "engine/gemm_selftest.h"
#include "engine/team.h"
#include "engine/workspace.h"
#include "model/input.h"
#include "model/views.h"
#include "page/decode.h"

namespace recto {
namespace {

using Clock = std::chrono::steady_clock;

double cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

/// Seconds on the wall and of the processor that `work` takes.
Json timed(const std::function<void()>& work) {
  const double cpu = cpu_seconds();
  const Clock::time_point start = Clock::now();
  work();
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  return {{"seconds", seconds}, {"cpu_seconds", cpu_seconds() - cpu}};
}

std::vector<float> head_of(std::span<const float> vector) {
  return {vector.begin(), vector.begin() + std::min<size_t>(8, vector.size())};
}

}  // namespace

Measures::Measures(const std::string& model, const std::string& page, int threads)
    : model_(ModelDirectory::open(model)), page_(read_file(page)), threads_(threads) {
  embedder_ = make_cpu_embedder(model_, {.threads = threads});
}

Json Measures::run(const std::string& name, int argument) {
  if (name == "selftest") return selftest();
  if (name == "tower") return tower();
  if (name == "views") return views(argument);
  if (name == "page") return page(argument);
  if (name == "query") return query(argument);
  fail(ErrorCode::kUsage, "no measure is called \"{}\"", name);
}

Json Measures::selftest() const {
  const GemmSelfTest result = gemm_selftest(threads_);
  return {{"gflops", result.gflops},
          {"cpu_gflops", result.cpu_gflops},
          {"implementation", result.implementation}};
}

Json Measures::tower() {
  const VisionConfig& config = model_->config().vision;
  if (!tower_) {
    tower_.emplace(config, model_->contract().position_ids, model_->weights(), threads_);
  }
  std::vector<uint8_t> pixels(static_cast<size_t>(3) * config.image_size * config.image_size);
  for (size_t i = 0; i < pixels.size(); ++i)
    pixels[i] = static_cast<uint8_t>(i * 2654435761U >> 24);
  static Workspace workspace;
  workspace.threads = threads_;
  Json result = timed([&] {
    tower_->embed(pixels.data(), workspace, {});
    for (int i = 0; i < tower_->layers(); ++i) tower_->layer(i, workspace, {});
    tower_->finish(workspace, {});
  });
  result["gflop"] = tower_gflop(config);
  return result;
}

Json Measures::views(int longest_edge) const {
  ViewSettings settings = model_->contract().views;
  settings.longest_edge = longest_edge;
  int count = 0;
  std::vector<float> pixels;
  Json result = timed([&] {
    const Image image = decode_image(as_bytes(page_), "page");
    const Views views = make_views(image, settings);
    count = views.count();
    pixels.resize(views.pixels.size());
    normalize_views(views, 0, count, pixels.data());
  });
  result["views"] = count;
  return result;
}

ModelInput Measures::document(int longest_edge) const {
  Contract contract = model_->contract();
  contract.views.longest_edge = longest_edge;
  const InputBuilder inputs(model_->config(), model_->tokenizer(), contract);
  return inputs.document(decode_image(as_bytes(page_), "page"));
}

Json Measures::page(int longest_edge) {
  ModelInput input;
  Matrix vector;
  Json result = timed([&] {
    input = document(longest_edge);
    vector = embedder_->embed({&input, 1});
  });
  result["views"] = input.view_count();
  result["tokens"] = input.ids.size();
  result["vector"] = head_of(vector.row(0));
  return result;
}

Json Measures::query(int tokens) {
  // The same ids on the peer's side (bench/peers/common.py).
  ModelInput input;
  for (int i = 0; i < tokens; ++i) input.ids.push_back(17 + i * 131 % 1000);
  Matrix vector;
  Json result = timed([&] { vector = embedder_->embed({&input, 1}); });
  result["vector"] = head_of(vector.row(0));
  return result;
}

double tower_gflop(const VisionConfig& config) {
  const double patches = static_cast<double>(config.patches_per_side()) * config.patches_per_side();
  const double width = config.hidden_size;
  const double linear = 2 * patches * width * (4 * width + 2.0 * config.intermediate_size);
  const double attention = 4 * patches * patches * width;
  return config.num_hidden_layers * (linear + attention) * 1e-9;
}

}  // namespace recto
