#include "serve/vector_encoding.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace recto {
namespace {

TEST(VectorEncoding, EachForm) {
  const std::vector<float> vector = {0.5F, -1, 0, 0.25F, -0.125F, 1e-9F, -0.F, -1e-9F};
  struct Case {
    const char* name;
    const char* json;
  };
  // Bits: 1 0 1 1 0 1 1 0, since -0 is not below 0.
  for (const Case& c :
       {Case{"int8", "[64,-127,0,32,-16,0,0,0]"}, Case{"uint8", "[192,1,128,160,112,128,128,128]"},
        Case{"ubinary", "[182]"}, Case{"binary", "[54]"},
        Case{"base64", "\"AAAAPwAAgL8AAAAAAACAPgAAAL5fcIkwAAAAgF9wibA=\""}}) {
    const VectorEncoding encoding = parse_vector_encoding(c.name, "embedding_types");
    EXPECT_EQ(vector_encoding_name(encoding), std::string(c.name));
    EXPECT_EQ(encode_vector(vector, encoding).dump(), c.json) << c.name;
  }
  EXPECT_EQ(encode_vector(vector, VectorEncoding::kFloat).get<std::vector<float>>(), vector);
  EXPECT_EQ(
      encode_vector(std::vector<float>{0.1F, -1 / 3.0F, 1e-9F}, VectorEncoding::kFloat).dump(),
      "[0.1,-0.33333334,1e-09]");
}

TEST(VectorEncoding, ZeroHasNoLargestMagnitude) {
  EXPECT_EQ(encode_vector(std::vector<float>(2), VectorEncoding::kInt8).dump(), "[0,0]");
}

TEST(VectorEncoding, WhatCannotBe) {
  EXPECT_THROW(encode_vector(std::vector<float>(12), VectorEncoding::kBinary), Error);
  EXPECT_THROW(parse_vector_encoding("fp8", "embedding_types"), Error);
}

}  // namespace
}  // namespace recto
