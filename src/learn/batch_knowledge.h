#pragma once
// What the losses know of a batch besides its vectors: which documents are no negatives, and what
// guide and teacher say.

#include <optional>

#include "base/json.h"
#include "learn/contrastive_batch.h"
#include "learn/false_negatives.h"
#include "learn/guide.h"
#include "learn/teacher.h"
#include "learn/train_settings.h"

namespace recto {

/// Where a training with `settings` takes hard negatives from.
NegativePages negative_pages(const TrainSettings& settings);

class BatchKnowledge {
 public:
  /// Reads the tables that `settings` names, for a model of `dimensions`. `data` must outlive the
  /// object. Throws what Guide and Teacher throw.
  BatchKnowledge(const TrainSettings& settings, const TrainingData& data, int dimensions);

  /// A LossInput without vectors and temperature, on the CPU. Thread-safe.
  LossInput describe(const ContrastiveBatch& batch) const;

  /// Hashes of the tables, "guide_sha256" and "teacher_sha256" (null for none), for what decides a
  /// run.
  const Json& fingerprints() const { return fingerprints_; }

 private:
  const TrainingData& data_;
  MaskRules rules_;
  std::optional<Guide> guide_;
  std::optional<Teacher> teacher_;
  Json fingerprints_ = {{"guide_sha256", nullptr}, {"teacher_sha256", nullptr}};
};

}  // namespace recto
