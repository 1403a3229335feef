#include "engine/visual_encoder.h"

#include "base/cpu.h"
#include "base/error.h"
#include "base/threads.h"
#include "engine/cpu_embedder.h"
#include "engine/vision_part.h"
#include "engine/workspace_pool.h"

namespace recto {

struct VisualEncoder::State {
  State(std::shared_ptr<const ModelDirectory> opened, int thread_count)
      : model(std::move(opened)), threads(thread_count), vision(*model, thread_count) {}

  void check_memory(std::span<const ModelInput* const> inputs) const {
    int64_t views = 0;
    for (const ModelInput* input : inputs) views += input->view_count();
    if (views == 0) return;
    const uint64_t bytes = vision.memory_for(views);
    const uint64_t available = available_memory_bytes();
    if (bytes <= available) return;
    fail(ErrorCode::kLimit,
         "the vision tower needs about {} MB of memory for {} views and {} MB are free: use fewer "
         "threads (now {})",
         bytes >> 20, views, available >> 20, threads);
  }

  std::shared_ptr<const ModelDirectory> model;
  int threads;
  VisionPart vision;
  WorkspacePool workspaces;
};

VisualEncoder::VisualEncoder(std::shared_ptr<const ModelDirectory> model, int threads) {
  if (threads == 0) threads = available_cores();
  if (threads < 1) fail(ErrorCode::kUsage, "{} threads: at least 1", threads);
  state_ = std::make_unique<State>(std::move(model), threads);
}

VisualEncoder::~VisualEncoder() = default;

std::vector<std::vector<float>> VisualEncoder::encode(std::span<const ModelInput* const> inputs) {
  for (const ModelInput* input : inputs) check_input(*input, state_->model->config());
  state_->check_memory(inputs);
  return state_->vision.encode(inputs, state_->workspaces);
}

}  // namespace recto
