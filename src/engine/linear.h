#pragma once
// A linear layer with its weights in the layout the processor reads them in.

#include <cstdint>
#include <span>
#include <vector>

#include "engine/buffer.h"
#include "engine/matmul.h"
#include "model/tensor.h"

namespace recto {

/// y = x W^T + b for rows of fp32. Several layers that read the same input (q, k and v; gate and
/// up) are one Linear whose outputs stand side by side.
class Linear {
 public:
  Linear() = default;
  /// `weights` are the tensors [outputs_i, inputs...] whose outputs are joined; `biases` are as
  /// many [outputs_i] or none. They are borrowed until pack(); only the biases are read yet.
  Linear(std::vector<PlacedTensor> weights, const std::vector<PlacedTensor>& biases);

  int64_t inputs() const { return inputs_; }
  int64_t outputs() const { return outputs_; }
  /// Bytes that pack() fills.
  size_t packed_bytes() const;
  /// Converts the tensors to fp32 and reorders them into `memory`, which must outlive the layer;
  /// the file's pages are given back. `staging` is scratch. Call once, before apply(). Throws
  /// Error(kBadInput) naming a tensor that holds NaN or infinity.
  void pack(std::byte* memory, FloatBuffer& staging);

  /// destination [rows, outputs] from source [rows, inputs], on up to `threads` threads.
  void apply(const float* source, int64_t rows, float* destination, Epilogue epilogue, int threads,
             FloatBuffer& scratchpad) const;

 private:
  const float* gather(FloatBuffer& staging) const;

  std::vector<PlacedTensor> weights_;
  int64_t inputs_ = 0;
  int64_t outputs_ = 0;
  std::vector<float> bias_;
  std::byte* packed_ = nullptr;
};

/// Packs all of `layers`, on `threads` threads, into one piece of memory that must outlive them.
Buffer pack_linears(std::span<Linear* const> layers, int threads);

/// A vector of weights (norms, biases) as fp32. Throws as Linear::pack does.
std::vector<float> weight_vector(const PlacedTensor& tensor);

/// `count` elements of a tensor of any float type as fp32.
void convert_to_float(const TensorView& tensor, int64_t first, int64_t count, float* out);

}  // namespace recto
