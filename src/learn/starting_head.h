#pragma once
// The sparse head that a training begins with.

#include <cstdint>
#include <vector>

#include "model/model_directory.h"

namespace recto {

struct StartingHead {
  SparseHead head;
  bool dense_is_fresh = false;  ///< its matrix is drawn, and yet to be scaled by an idf
};

/// That of `model`, or a plain one; with a fresh matrix drawn by `seed` where `contract`, that of
/// the training's output, makes vectors from the vocabulary and the model does not yet.
StartingHead starting_head(const ModelDirectory& model, const Contract& contract, uint64_t seed);

/// A matrix [vocabulary, width], normal with a deviation of 1/√width, so that the inner products of
/// texts are near those of their weights (a random projection).
std::vector<float> fresh_dense(int64_t vocabulary, int64_t width, uint64_t seed);

}  // namespace recto
