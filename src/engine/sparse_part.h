#pragma once
// The sparse output of a page: its visual tokens to weights over the vocabulary.

#include <cstdint>
#include <span>
#include <vector>

#include "engine/linear.h"
#include "engine/workspace.h"
#include "model/model_directory.h"

namespace recto {

/// The head of model/sparse_head.h. Immutable after construction.
class SparsePart {
 public:
  /// Packs the embedding table and the head's matrix on `threads` threads. `model` has a sparse
  /// output and must outlive the object. Throws as Linear::pack does.
  SparsePart(const ModelDirectory& model, int threads)
      : SparsePart(model, *model.sparse_head(), *model.contract().sparse, threads) {}
  /// With another head and output than those of `model`, whose dense part is not looked at.
  SparsePart(const ModelDirectory& model, const SparseHead& head, const SparseOutput& output,
             int threads);

  /// Weights of all tokens of the vocabulary, of an input's visual tokens `features`
  /// [tokens, hidden], which are of these edges (tokens_by_edge()).
  std::vector<float> weights(const float* features, std::span<const std::vector<TokenRun>> edges,
                             Workspace& workspace) const;

 private:
  /// Adds to `sums` [vocabulary] those of `tokens` visual tokens.
  void add(const float* features, int64_t tokens, Workspace& workspace,
           std::vector<float>& sums) const;

  std::vector<float> norm_;
  SparseOutput output_;
  Linear projection_;
  Linear table_;
  Buffer packed_;
};

}  // namespace recto
