#pragma once
// Transposing bytes, so that the horizontal pass of resize() can work on columns as rows.

#include <cstddef>
#include <cstdint>

namespace recto {

/// out[c * out_stride + r] = in[r * in_stride + c] for r < rows, c < columns. Strides in bytes;
/// the two must not overlap.
void transpose_bytes(const uint8_t* in, size_t in_stride, size_t rows, size_t columns, uint8_t* out,
                     size_t out_stride);

}  // namespace recto
