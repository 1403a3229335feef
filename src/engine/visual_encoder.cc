#include "engine/visual_encoder.h"

#include <algorithm>
#include <mutex>
#include <optional>

#include "base/cpu.h"
#include "base/error.h"
#include "base/threads.h"
#include "engine/check_input.h"
#include "engine/memory_plan.h"
#include "engine/sparse_part.h"
#include "engine/spread.h"
#include "engine/vision_part.h"
#include "engine/workspace_pool.h"
#include "model/embedder.h"

namespace recto {

namespace {

int checked_threads(int threads) {
  if (threads == 0) threads = available_cores();
  if (threads < 1) fail(ErrorCode::kUsage, "{} threads: at least 1", threads);
  return threads;
}

}  // namespace

struct VisualEncoder::State {
  struct Weighing {
    std::mutex mutex;
    SparseHead head;  // until it is packed
    SparseOutput output;
    std::optional<SparsePart> part;
  };

  State(std::shared_ptr<const ModelDirectory> opened, int thread_count)
      : model(std::move(opened)), threads(checked_threads(thread_count)), vision(*model, threads) {}

  void check_memory(std::span<const ModelInput* const> inputs) const {
    int64_t views = 0;
    for (const ModelInput* input : inputs) views += input->view_count();
    if (views == 0) return;
    uint64_t bytes = vision.memory_for(views);
    if (weighing) bytes += sparse_bytes(model->config(), threads);
    const uint64_t available = available_memory_bytes();
    if (bytes <= available) return;
    fail(ErrorCode::kLimit,
         "the vision tower needs about {} MB of memory for {} views and {} MB are free: use fewer "
         "threads (now {})",
         bytes >> 20, views, available >> 20, threads);
  }

  void weigh_with(SparseHead head, const SparseOutput& output) {
    weighing = std::make_unique<Weighing>();
    weighing->head = std::move(head);
    weighing->output = output;
  }

  /// Puts the weights of each input with pictures in place of its visual tokens.
  void weigh(std::span<const ModelInput* const> inputs, std::vector<std::vector<float>>& values) {
    const bool blank = std::all_of(values.begin(), values.end(),
                                   [](const std::vector<float>& own) { return own.empty(); });
    if (blank) return;
    const SparsePart& part = packed();
    const int64_t width = model->config().text.hidden_size;
    spread(values.size(), threads, workspaces, [&](size_t i, Workspace& workspace) {
      if (values[i].empty()) return;
      const int64_t tokens = std::ssize(values[i]) / width;
      values[i] = part.weights(values[i].data(), tokens_by_edge(*inputs[i], tokens), workspace);
    });
  }

  const SparsePart& packed() {
    const std::lock_guard lock(weighing->mutex);
    if (!weighing->part) {
      weighing->part.emplace(*model, weighing->head, weighing->output, threads);
      weighing->head = {};
    }
    return *weighing->part;
  }

  std::shared_ptr<const ModelDirectory> model;
  int threads;
  VisionPart vision;
  WorkspacePool workspaces;
  std::unique_ptr<Weighing> weighing;  // null: visual tokens are what is wanted
};

VisualEncoder::VisualEncoder(std::shared_ptr<const ModelDirectory> model, int threads,
                             PageConstant constant)
    : state_(std::make_unique<State>(std::move(model), threads)) {
  if (constant != PageConstant::kWeights) return;
  check_has_sparse_output(*state_->model);
  state_->weigh_with(*state_->model->sparse_head(), *state_->model->contract().sparse);
}

VisualEncoder::VisualEncoder(std::shared_ptr<const ModelDirectory> model, int threads,
                             SparseHead head, const SparseOutput& output)
    : state_(std::make_unique<State>(std::move(model), threads)) {
  state_->weigh_with(std::move(head), output);
}

VisualEncoder::~VisualEncoder() = default;

std::vector<std::vector<float>> VisualEncoder::encode(std::span<const ModelInput* const> inputs) {
  for (const ModelInput* input : inputs) check_input(*input, state_->model->config());
  state_->check_memory(inputs);
  std::vector<std::vector<float>> values = state_->vision.encode(inputs, state_->workspaces);
  if (state_->weighing) state_->weigh(inputs, values);
  return values;
}

}  // namespace recto
