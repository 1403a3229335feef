#include "engine/vision_part.h"

#include "engine/memory_plan.h"
#include "engine/spread.h"

namespace recto {

// A packing that throws (damaged weights, no memory) is tried again by the next caller. Not with
// std::call_once, which thread sanitizers hang in after an exception.
const VisionTower& VisionPart::tower() {
  if (!packed_) {
    const std::lock_guard lock(mutex_);
    if (!packed_) {
      tower_.emplace(model_.config().vision, model_.contract().position_ids, model_.weights(),
                     threads_);
      connector_.emplace(model_.config(), model_.weights(), threads_);
      packed_ = true;
    }
  }
  return *tower_;
}

const Connector& VisionPart::connector() {
  tower();
  return *connector_;
}

uint64_t VisionPart::memory_for(int64_t views) const {
  if (views == 0) return 0;
  const ModelConfig& config = model_.config();
  const uint64_t bytes = feature_bytes(config, views) +
                         static_cast<uint64_t>(threads_) * vision_workspace_bytes(config);
  return packed_ ? bytes : bytes + vision_weight_bytes(config);
}

std::vector<VisionPart::Tile> VisionPart::tiles(std::span<const ModelInput* const> inputs,
                                                std::vector<std::vector<float>>& features) const {
  const int64_t tokens = model_.config().image_seq_len();
  const int64_t width = model_.config().text.hidden_size;
  std::vector<Tile> all;
  for (size_t i = 0; i < inputs.size(); ++i) {
    features[i].resize(static_cast<size_t>(inputs[i]->view_count() * tokens * width));
    float* to = features[i].data();
    for (const Views& views : inputs[i]->images) {
      const size_t tile = views.pixels.size() / static_cast<size_t>(views.count());
      for (int v = 0; v < views.count(); ++v, to += tokens * width) {
        all.push_back({views.pixels.data() + static_cast<size_t>(v) * tile, to});
      }
    }
  }
  return all;
}

void VisionPart::see(const Tile& tile, Workspace& workspace) const {
  tower_->embed(tile.pixels, workspace, {});
  for (int i = 0; i < tower_->layers(); ++i) tower_->layer(i, workspace, {});
  tower_->finish(workspace, {});
  connector_->project(workspace.normed.data(), tile.features, workspace, {});
}

std::vector<std::vector<float>> VisionPart::encode(std::span<const ModelInput* const> inputs,
                                                   WorkspacePool& workspaces) {
  std::vector<std::vector<float>> features(inputs.size());
  const std::vector<Tile> all = tiles(inputs, features);
  if (all.empty()) return features;
  tower();
  spread(all.size(), threads_, workspaces,
         [&](size_t i, Workspace& workspace) { see(all[i], workspace); });
  return features;
}

}  // namespace recto
