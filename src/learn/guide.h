#pragma once
// A second model that says which documents of a batch are too good to be negatives (GISTEmbed,
// Solatorio 2024).

#include <string>
#include <vector>

#include "learn/contrastive_batch.h"
#include "learn/reference_vectors.h"
#include "learn/torch.h"

namespace recto {

struct GuideMargin {
  double margin = 0;
  bool relative = false;
};

/// `scores` [b, B + m] of the guide, the own positive of query i in column offset + i -> [b, B + m]
/// bool: true where a document's score is above own - margin, or own * (1 - margin) when relative.
/// Never the own positive.
torch::Tensor guided_mask(const torch::Tensor& scores, const GuideMargin& margin,
                          int64_t offset = 0);

class Guide {
 public:
  /// Reads tables of vectors. Throws Error(kBadInput) with the number and the first ids of the
  /// queries of `data` and of `pages`, those that can stand in a step, that have no vector, and
  /// what read_reference_vectors() throws.
  Guide(const std::vector<std::string>& files, const TrainingData& data,
        const std::vector<size_t>& pages, const GuideMargin& margin);

  torch::Tensor mask(const ContrastiveBatch& batch) const;
  std::string sha256() const { return vectors_.sha256(); }

 private:
  ReferenceVectors vectors_;
  GuideMargin margin_;
};

}  // namespace recto
