#pragma once
// The pieces of work that bench/run times, done by the engine.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "engine/cpu_embedder.h"
#include "engine/vision_tower.h"
#include "model/model_directory.h"

namespace recto {

/// One model, one page picture, a number of threads. Each measure does its work once and returns
/// {"seconds", "cpu_seconds"} with what else belongs to it; the caller repeats and takes the least.
class Measures {
 public:
  Measures(const std::string& model, const std::string& page, int threads);

  /// Runs the measure `name` with its argument: "selftest", "tower", "views EDGE", "page EDGE",
  /// "query TOKENS". Throws Error(kUsage) for another.
  Json run(const std::string& name, int argument);

 private:
  Json selftest() const;
  Json tower();
  Json views(int longest_edge) const;
  Json page(int longest_edge);
  Json query(int tokens);
  ModelInput document(int longest_edge) const;

  std::shared_ptr<const ModelDirectory> model_;
  std::string page_;  ///< the encoded picture
  int threads_;
  std::unique_ptr<Embedder> embedder_;
  std::optional<VisionTower> tower_;
};

/// Floating-point operations (10^9) of one tile through the tower's layers, without patch
/// embedding: 212.6 for the 256M and 500M models.
double tower_gflop(const VisionConfig& config);

}  // namespace recto
