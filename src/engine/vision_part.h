#pragma once
// Vision tower and connector together: pictures in, visual tokens out.

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "engine/connector.h"
#include "engine/vision_tower.h"
#include "engine/workspace_pool.h"
#include "model/input.h"
#include "model/model_directory.h"

namespace recto {

/// Packs both at the first picture. Thread-safe.
class VisionPart {
 public:
  /// `model` must outlive the object.
  VisionPart(const ModelDirectory& model, int threads) : model_(model), threads_(threads) {}

  const VisionTower& tower();
  const Connector& connector();
  /// Bytes that encode() will take for inputs of `views` views in all, with its threads.
  uint64_t memory_for(int64_t views) const;

  /// Of each input its visual tokens [image tokens, hidden], nothing for one without images. They
  /// depend on nothing but its images. Inputs must have passed check_input().
  std::vector<std::vector<float>> encode(std::span<const ModelInput* const> inputs,
                                         WorkspacePool& workspaces);

 private:
  /// A tile and where its visual tokens go.
  struct Tile {
    const uint8_t* pixels;
    float* features;
  };
  std::vector<Tile> tiles(std::span<const ModelInput* const> inputs,
                          std::vector<std::vector<float>>& features) const;
  void see(const Tile& tile, Workspace& workspace) const;

  const ModelDirectory& model_;
  int threads_;
  std::mutex mutex_;
  std::optional<VisionTower> tower_;
  std::optional<Connector> connector_;
  std::atomic<bool> packed_ = false;
};

}  // namespace recto
