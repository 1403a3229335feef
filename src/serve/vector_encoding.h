#pragma once
// Vectors as the APIs write them into JSON.

#include <span>
#include <string>

#include "base/json.h"

namespace recto {

/// kFloat: numbers of the shortest digits that give the same fp32 back. kBase64: the fp32 values,
/// little-endian. kInt8: each vector scaled by its largest magnitude to -127..127, which keeps
/// cosines; kUint8 is that plus 128. kUbinary: a bit a component, 1 for what is not negative, the
/// first the most significant one of its byte; kBinary is its bytes minus 128.
enum class VectorEncoding { kFloat, kBase64, kInt8, kUint8, kBinary, kUbinary };

/// "float", "base64", "int8", "uint8", "binary", "ubinary".
const char* vector_encoding_name(VectorEncoding encoding);
/// Throws Error(kBadInput) naming `where` for another name.
VectorEncoding parse_vector_encoding(const std::string& name, const std::string& where);

/// A list of numbers, or a text for kBase64. Throws Error(kBadInput) for bits of a vector whose
/// length is no multiple of 8.
Json encode_vector(std::span<const float> vector, VectorEncoding encoding);

}  // namespace recto
