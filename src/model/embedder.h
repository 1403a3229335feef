#pragma once
// Inputs to vectors: the interface the engine (CPU) and, in recto-train, the torch model fill.

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/matrix.h"
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

  /// One forward pass with every activation shown to `observer`.
  virtual void inspect(const ModelInput& input, const ActivationObserver& observer) = 0;
};

/// The first `dimensions` columns of each row, L2-normalised again. Throws Error(kUsage) when the
/// contract does not declare that length.
Matrix truncate_dimensions(const Matrix& vectors, int dimensions, const Contract& contract);

}  // namespace recto
