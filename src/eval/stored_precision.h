#pragma once
// What storing page vectors in fewer bits does to a ranking. Queries are not stored and stay fp32.

#include <cstdint>
#include <string>
#include <vector>

#include "base/matrix.h"

namespace recto {

/// kInt8: each row scaled by its largest magnitude to -127..127, the scale kept as fp32.
/// kBinary: the sign of each component.
enum class StoredPrecision { kFp32, kFp16, kInt8, kBinary };

const char* stored_precision_name(StoredPrecision precision);
/// Of "fp32", "fp16", "int8", "binary". Throws Error(kUsage) for another.
StoredPrecision parse_stored_precision(const std::string& name);

/// The values that are read back, [rows, columns]; for kBinary 1 and -1 over the root of the
/// columns, so that rows keep the length 1.
Matrix as_stored(const Matrix& vectors, StoredPrecision precision);

/// Bytes of a stored vector of `dimensions`.
int64_t stored_bytes(int64_t dimensions, StoredPrecision precision);

}  // namespace recto
