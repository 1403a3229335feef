#pragma once
// Matrix products through oneDNN: the one place that knows its interface, for versions 2.6 and 3.x.

#include <compare>
#include <cstdint>
#include <dnnl.hpp>
#include <memory>
#include <string>

namespace recto {

/// What happens to a product before it is stored.
enum class Epilogue {
  kStore,     ///< destination = product + bias
  kGeluTanh,  ///< destination = gelu(product + bias), gelu in its tanh form
  kAdd,       ///< destination += product + bias: the residual connection
};

/// source [rows, inputs] x weights [inputs, outputs] (+ bias [outputs]), all fp32.
struct MatmulShape {
  int64_t rows = 0;
  int64_t outputs = 0;
  int64_t inputs = 0;
  bool bias = false;
  Epilogue epilogue = Epilogue::kStore;
  int threads = 1;

  auto operator<=>(const MatmulShape&) const = default;
};

/// A compiled product. Immutable, may run in several threads at once.
struct Matmul {
  dnnl::matmul primitive;
  dnnl::memory::desc source, weights, bias, destination, scratchpad;
  std::string implementation;  ///< oneDNN's name of it
};

/// oneDNN's CPU, held to the instruction sets that cpu_features() reports.
const dnnl::engine& cpu_engine();

/// The layout oneDNN reads weights of this shape in fastest, whatever the number of rows.
dnnl::memory::desc packed_weights(int64_t outputs, int64_t inputs);

/// The product of `shape` with weights in the layout packed_weights() gives, compiled at the first
/// request and kept. Says so once on stderr when oneDNN has nothing but its reference
/// implementation, which is thousands of times slower. Thread-safe.
std::shared_ptr<const Matmul> matmul_for(const MatmulShape& shape);

/// `rows` rounded up to one of the row counts products are compiled for, so that texts of many
/// lengths share them: at most an eighth more, or 7 rows.
int64_t bucket_rows(int64_t rows);

}  // namespace recto
