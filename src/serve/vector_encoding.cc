#include "serve/vector_encoding.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>

#include "base/base64.h"
#include "base/error.h"

namespace recto {
namespace {

constexpr std::array kEncodings = {VectorEncoding::kFloat,  VectorEncoding::kBase64,
                                   VectorEncoding::kInt8,   VectorEncoding::kUint8,
                                   VectorEncoding::kBinary, VectorEncoding::kUbinary};

/// The number with the shortest digits that give the same fp32 back.
double with_few_digits(float value) {
  const std::string digits = fmt::format("{}", value);
  double number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

Json floats(std::span<const float> vector) {
  Json out = Json::array();
  for (const float value : vector) out.push_back(with_few_digits(value));
  return out;
}

Json scaled(std::span<const float> vector, int offset) {
  constexpr float kSteps = 127;
  float largest = 0;
  for (const float value : vector) largest = std::max(largest, std::abs(value));
  const float factor = largest > 0 ? kSteps / largest : 0;
  Json out = Json::array();
  for (const float value : vector) {
    out.push_back(static_cast<int>(std::nearbyint(value * factor)) + offset);
  }
  return out;
}

Json bits(std::span<const float> vector, int offset) {
  if (vector.size() % 8 != 0) {
    fail(ErrorCode::kBadInput,
         "vectors of {} dimensions cannot be bits, of which a byte has 8; ask for another number "
         "of dimensions",
         vector.size());
  }
  Json out = Json::array();
  for (size_t i = 0; i < vector.size(); i += 8) {
    int byte = 0;
    for (size_t k = 0; k < 8; ++k) byte = byte << 1 | (vector[i + k] >= 0 ? 1 : 0);
    out.push_back(byte + offset);
  }
  return out;
}

/// This machine's bytes, which are little-endian (x86-64).
std::string bytes_of(std::span<const float> vector) {
  std::string bytes(vector.size_bytes(), '\0');
  std::memcpy(bytes.data(), vector.data(), bytes.size());
  return bytes;
}

}  // namespace

const char* vector_encoding_name(VectorEncoding encoding) {
  switch (encoding) {
    case VectorEncoding::kBase64:
      return "base64";
    case VectorEncoding::kInt8:
      return "int8";
    case VectorEncoding::kUint8:
      return "uint8";
    case VectorEncoding::kBinary:
      return "binary";
    case VectorEncoding::kUbinary:
      return "ubinary";
    default:
      return "float";
  }
}

VectorEncoding parse_vector_encoding(const std::string& name, const std::string& where) {
  for (const VectorEncoding encoding : kEncodings) {
    if (name == vector_encoding_name(encoding)) return encoding;
  }
  fail(ErrorCode::kBadInput,
       "{}: no encoding is called \"{}\"; float, base64, int8, uint8, binary or ubinary", where,
       name);
}

Json encode_vector(std::span<const float> vector, VectorEncoding encoding) {
  switch (encoding) {
    case VectorEncoding::kBase64:
      return base64(bytes_of(vector));
    case VectorEncoding::kInt8:
      return scaled(vector, 0);
    case VectorEncoding::kUint8:
      return scaled(vector, 128);
    case VectorEncoding::kBinary:
      return bits(vector, -128);
    case VectorEncoding::kUbinary:
      return bits(vector, 0);
    default:
      return floats(vector);
  }
}

}  // namespace recto
