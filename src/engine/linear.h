#pragma once
// A linear layer with its weights in the layout the processor reads them in.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/buffer.h"
#include "engine/matmul.h"
#include "model/weights.h"

namespace recto {

/// y = x W^T + b for rows of fp32. Several layers that read the same input (q, k and v; gate and
/// up) are one Linear whose outputs stand side by side.
class Linear {
 public:
  Linear() = default;
  /// `weights` are the tensors [outputs_i, inputs] whose outputs are joined; `biases` has as many
  /// names or none. Nothing is read yet.
  Linear(const Weights& weights, std::vector<std::string> weight_names,
         std::vector<std::string> bias_names);

  int64_t inputs() const { return inputs_; }
  int64_t outputs() const { return outputs_; }
  /// Bytes that pack() fills.
  size_t packed_bytes() const;
  /// Converts the tensors to fp32 and reorders them into `memory`, which must outlive the layer;
  /// the file's pages are given back. `staging` is scratch. Call once, before apply().
  void pack(const Weights& weights, std::byte* memory, FloatBuffer& staging);

  /// destination [rows, outputs] from source [rows, inputs], with the threads of the present Team.
  void apply(const float* source, int64_t rows, float* destination, Epilogue epilogue, int threads,
             FloatBuffer& scratchpad) const;

 private:
  const float* gather(const Weights& weights, FloatBuffer& staging) const;

  std::vector<std::string> weight_names_;
  std::vector<std::string> bias_names_;
  int64_t inputs_ = 0;
  int64_t outputs_ = 0;
  std::vector<float> bias_;
  std::byte* packed_ = nullptr;
};

/// Packs all of `layers`, on `threads` threads, into one piece of memory that must outlive them.
Buffer pack_linears(const Weights& weights, std::span<Linear* const> layers, int threads);

/// A vector of weights (norms, biases) as fp32.
std::vector<float> weight_vector(const Weights& weights, const std::string& name);

/// `count` elements of a tensor of any float type as fp32.
void convert_to_float(const TensorView& tensor, int64_t first, int64_t count, float* out);

}  // namespace recto
