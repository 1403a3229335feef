#pragma once
// Inputs to vectors: the interface the engine (CPU) and, in recto-train, the torch model fill.

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/matrix.h"
#include "base/sparse_vector.h"
#include "model/input.h"
#include "model/model_directory.h"

namespace recto {

/// Called with each activation of a forward pass under its golden name ("vision_model.embeddings",
/// "text_model.layers.0", "last_hidden_state", ...) and shape; the values live during the call.
using ActivationObserver = std::function<void(
    const std::string& name, const std::vector<int64_t>& shape, std::span<const float> values)>;

class Embedder {
 public:
  virtual ~Embedder() = default;
  virtual const ModelDirectory& model() const = 0;

  /// Vectors of `inputs`, [inputs, width], pooled and (when the contract says so) L2-normalised in
  /// fp32, at full width. Rows do not depend on the other inputs of the call. Thread-safe.
  virtual Matrix embed(std::span<const ModelInput> inputs) = 0;

  /// embed(), and in the same pass the sparse vector of each input, for a model whose contract has
  /// that output: of the pictures by the head (model/sparse_head.h); without pictures empty, since
  /// the tokenizer alone makes that of a text (model/sparse_text.h). Throws Error(kUnsupported)
  /// for a model without.
  virtual Matrix embed_both(std::span<const ModelInput> inputs, std::vector<SparseVector>& sparse);

  /// One forward pass with every activation shown to `observer`.
  virtual void inspect(const ModelInput& input, const ActivationObserver& observer) = 0;
};

/// Throws Error(kUnsupported) naming the model when its contract has no sparse output.
void check_has_sparse_output(const ModelDirectory& model);

/// The weights of the tokens of the vocabulary (model/sparse_head.h): of each edge of a page the
/// sums over its visual tokens, one a token of the vocabulary, to the mean over the edges of ln(1 +
/// gain * saturation * sum). At least one edge.
std::vector<float> token_weights(std::span<const std::vector<float>> sums,
                                 const SparseOutput& output);
/// The `most` largest of `weights` that are above 0, of equal ones the first.
SparseVector largest_weights(std::span<const float> weights, int most);
/// All that are above 0.
SparseVector all_weights(std::span<const float> weights);

/// With Pooling::kVocabulary: the vector of weights, w P + b (model/sparse_head.h), not normalised.
/// `out` [head.dense_width()].
void dense_of_weights(const SparseVector& picture, const SparseVector& text, bool of_page,
                      const SparseHead& head, std::span<float> out);

/// The first `dimensions` columns of each row, L2-normalised again. Throws Error(kUsage) when the
/// contract does not declare that length.
Matrix truncate_dimensions(const Matrix& vectors, int dimensions, const Contract& contract);

}  // namespace recto
