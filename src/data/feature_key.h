#pragma once
// What decides the connector output of a page, and its weights over the vocabulary, besides its
// image.

#include <string>

#include "base/json.h"
#include "model/model_directory.h"

namespace recto {

/// Like Weights::sha256(), over the vision tower and the connector as they are (adapters merged).
/// Of the values as fp32, whatever type they are written in. Reads them whole.
std::string vision_weights_sha256(const Weights& weights);

/// What decides the weights over the vocabulary besides the visual tokens they are made of: `head`
/// and `output`, and the embeddings of `model`. Neither what vectors are made of them by nor how
/// many are kept is in it.
Json weights_key(const ModelDirectory& model, SparseHead head, const SparseOutput& output);

/// Everything that decides the features that `model` makes of a page image resized to
/// `longest_edge`, and the type they are kept in: the hash of its vision weights, sizes, how an
/// image is cut, position ids. The prompt is not in it. `weights` is weights_key() where weights
/// are what is kept, else null.
Json feature_key(const ModelDirectory& model, const std::string& vision_sha256, int longest_edge,
                 DType dtype, const Json& weights = nullptr);

}  // namespace recto
