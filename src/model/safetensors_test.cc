#include "model/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "base/error.h"
#include "model/tensor.h"
#include "support/support.h"

namespace recto {
namespace {
namespace fs = std::filesystem;
using ::testing::HasSubstr;

std::string container(const std::string& header, size_t data_bytes, uint64_t claimed = 0) {
  const uint64_t length = claimed != 0 ? claimed : header.size();
  std::string file(8, '\0');
  std::memcpy(file.data(), &length, 8);
  return file + header + std::string(data_bytes, '\x01');
}

std::string message_of(const std::string& file) {
  std::map<std::string, TensorView> tensors;
  std::map<std::string, std::string> metadata;
  try {
    parse_safetensors(as_bytes(file), "x.safetensors", tensors, metadata);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kBadInput) << error.what();
    return error.what();
  }
  return "";
}

struct BadFile {
  const char* name;
  std::string file;
  const char* says;
};

std::vector<BadFile> bad_files() {
  const std::string huge = "9223372036854775807";
  return {
      {"empty", "", "too few"},
      {"shorter than the length", "\x05\0\0", "too few"},
      {"header longer than the file", container("{}", 0, 100), "cut off"},
      {"header of 2^63 bytes", container("{}", 0, uint64_t{1} << 63), "limit of 100000000"},
      {"header above 100 MB", container("{}", 0, 100'000'001), "limit of 100000000"},
      {"no header", container("", 4), "does not begin"},
      {"a list", container("[]", 0), "does not begin"},
      {"white space first", container(" {}", 0), "does not begin"},
      {"cut JSON", container(R"({"a":)", 0), "not valid JSON"},
      {"invalid UTF-8", container("{\"\xff\":1}", 0), "not valid UTF-8"},
      {"same tensor twice",
       container(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
                 R"("a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})",
                 1),
       "\"a\" stands twice"},
      {"entry is a number", container(R"({"a":1})", 0), "tensor \"a\""},
      {"no dtype", container(R"({"a":{"shape":[1],"data_offsets":[0,1]}})", 1), "\"dtype\""},
      {"no shape", container(R"({"a":{"dtype":"U8","data_offsets":[0,1]}})", 1), "\"shape\""},
      {"no offsets", container(R"({"a":{"dtype":"U8","shape":[1]}})", 1), "\"data_offsets\""},
      {"unknown key",
       container(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"x":0}})", 1), "other"},
      {"unknown dtype",
       container(R"({"a":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}})", 1), "F8_E4M3"},
      {"dtype is a number", container(R"({"a":{"dtype":1,"shape":[1],"data_offsets":[0,1]}})", 1),
       "dtype"},
      {"negative side", container(R"({"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,1]}})", 1),
       "non-negative"},
      {"side with a fraction",
       container(R"({"a":{"dtype":"U8","shape":[1.5],"data_offsets":[0,1]}})", 1), "1.5"},
      {"side above 2^63",
       container(R"({"a":{"dtype":"U8","shape":[18446744073709551615],"data_offsets":[0,1]}})", 1),
       "too large"},
      {"shape is a text", container(R"({"a":{"dtype":"U8","shape":"1","data_offsets":[0,1]}})", 1),
       "shape"},
      {"shape product overflows",
       container(
           R"({"a":{"dtype":"F32","shape":[)" + huge + "," + huge + R"(],"data_offsets":[0,4]}})",
           4),
       "too large for any file"},
      {"shape product wraps to the size",  // 2^32 * 2^32 * 1 byte wraps to 0
       container(R"({"a":{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0]}})", 0),
       "too large for any file"},
      {"size disagrees", container(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})", 4),
       "needs 8 bytes"},
      {"ends before it begins",
       container(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[1,0]}})", 1),
       "before it begins"},
      {"ends after the file",
       container(R"({"a":{"dtype":"U8","shape":[9],"data_offsets":[0,9]}})", 8), "cut off"},
      {"three offsets", container(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1,2]}})", 1),
       "two numbers"},
      {"overlap",
       container(R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},)"
                 R"("b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}})",
                 3),
       "tensor \"b\": it begins at byte 1 of the data, overlapping"},
      {"hole",
       container(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
                 R"("b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}})",
                 3),
       "leaving a hole"},
      {"hole at the start",
       container(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})", 2), "leaving a hole"},
      {"data after the last tensor",
       container(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})", 2),
       "the file holds 2"},
      {"metadata is a list", container(R"({"__metadata__":[]})", 0), "__metadata__"},
      {"metadata holds a number", container(R"({"__metadata__":{"a":1}})", 0), "only texts"},
  };
}

TEST(Safetensors, BadFilesAreRefusedByName) {
  for (const BadFile& bad : bad_files()) {
    const std::string message = message_of(bad.file);
    EXPECT_THAT(message, HasSubstr(bad.says)) << bad.name;
    EXPECT_THAT(message, HasSubstr("x.safetensors")) << bad.name;
  }
}

TEST(Safetensors, EmptyTensorsAndScalarsAreFine) {
  const std::string file =
      container(R"({"none":{"dtype":"F32","shape":[0,9223372036854775807],"data_offsets":[0,0]},)"
                R"("one":{"dtype":"U8","shape":[],"data_offsets":[0,1]}}   )",
                1);
  std::map<std::string, TensorView> tensors;
  std::map<std::string, std::string> metadata;
  parse_safetensors(as_bytes(file), "x", tensors, metadata);
  EXPECT_EQ(tensors.at("none").elements(), 0);
  EXPECT_EQ(tensors.at("one").elements(), 1);
  EXPECT_TRUE(to_float(tensors.at("none")).empty());
}

TEST(Safetensors, MissingFileAndMissingTensorAreNamed) {
  EXPECT_THROW(SafetensorsFile("/nonexistent.safetensors"), Error);
  TemporaryDirectory directory;
  const fs::path path = directory.path() / "a.safetensors";
  SafetensorsWriter().write(path);
  const SafetensorsFile file(path);
  EXPECT_TRUE(file.tensors().empty());
  try {
    file.at("weight");
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kNotFound);
    EXPECT_THAT(error.what(), HasSubstr("a.safetensors"));
    EXPECT_THAT(error.what(), HasSubstr("weight"));
  }
}

SafetensorsWriter sample(const std::vector<float>& values, const std::vector<int32_t>& ids,
                         std::span<const std::byte> odd) {
  SafetensorsWriter writer;
  writer.set_metadata("format", "pt");
  writer.set_metadata("ids", R"(["a","ü"])");
  writer.add("values", {2, 3}, values);
  writer.add("ids", {3}, ids);
  writer.add("a odd", TensorView{DType::kU8, {3}, odd});
  writer.add("empty", {0, 4}, std::span<const float>{});
  writer.add("made", DType::kBF16, {2}, [](std::span<std::byte> out) {
    const std::vector<float> made = {1.5f, -2.0f};
    from_float(made, DType::kBF16, out);
  });
  return writer;
}

TEST(SafetensorsWriter, WhatItWritesIsReadBackAndTheSameEveryTime) {
  const std::vector<float> values = {1, 2, 3, -4, 5e-8f, 6};
  const std::vector<int32_t> ids = {7, -8, 9};
  const std::string odd = "xyz";
  const SafetensorsWriter writer = sample(values, ids, as_bytes(odd));
  TemporaryDirectory directory;
  const fs::path path = directory.path() / "a.safetensors";
  writer.write(path);
  EXPECT_EQ(fs::file_size(path), writer.file_size());
  const std::string first = read_file(path);
  writer.write(path);
  EXPECT_EQ(read_file(path), first);

  const SafetensorsFile file(path);
  EXPECT_EQ(file.metadata().at("ids"), R"(["a","ü"])");
  EXPECT_EQ(to_float(file.at("values")), values);
  EXPECT_EQ(to_float(file.at("made")), (std::vector<float>{1.5f, -2.0f}));
  EXPECT_EQ(as_text(file.at("a odd").bytes), odd);
  EXPECT_EQ(file.at("empty").shape, (std::vector<int64_t>{0, 4}));
  for (const auto& [name, tensor] : file.tensors()) {
    EXPECT_EQ(reinterpret_cast<uintptr_t>(tensor.bytes.data()) % dtype_size(tensor.dtype), 0u)
        << name << " is not aligned";
  }
}

TEST(SafetensorsWriter, TellsOfEachPartOfABorrowedTensor) {
  const std::string values(40 << 20, 'v');
  size_t told = 0, parts = 0;
  SafetensorsWriter writer;
  writer.add("v", TensorView{DType::kU8, {40 << 20}, as_bytes(values)},
             [&](std::span<const std::byte> part) {
               EXPECT_EQ(part.data(), as_bytes(values).data() + told);
               told += part.size();
               ++parts;
             });
  const TemporaryDirectory directory;
  writer.write(directory.path() / "a.safetensors");
  EXPECT_EQ(told, values.size());
  EXPECT_GT(parts, 1u);
}

TEST(SafetensorsWriter, PythonReadsWhatItWrites) {
  const std::vector<float> values = {1, 2, 3, -4, 5, 6};
  const std::vector<int32_t> ids = {7, -8, 9};
  const std::string odd = "xyz";
  TemporaryDirectory directory;
  const fs::path path = directory.path() / "a.safetensors";
  sample(values, ids, as_bytes(odd)).write(path);
  const auto result = test::run_command(
      test::python().string() +
      R"( -c 'import sys; from safetensors import safe_open; f = safe_open(sys.argv[1], "np")
print(sorted(f.keys()), f.metadata()["format"], f.get_tensor("values").tolist(),
      f.get_tensor("ids").tolist(), f.get_tensor("a odd").tolist(), f.get_tensor("empty").shape)' ')" +
      path.string() + "'");
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(result.out,
            "['a odd', 'empty', 'ids', 'made', 'values'] pt [[1.0, 2.0, 3.0], [-4.0, 5.0, 6.0]] "
            "[7, -8, 9] [120, 121, 122] (0, 4)\n");
}

TEST(SafetensorsWriter, AFailureLeavesNoFile) {
  TemporaryDirectory directory;
  SafetensorsWriter writer;
  writer.add("made", DType::kF32, {1},
             [](std::span<std::byte>) { fail(ErrorCode::kInternal, "on purpose"); });
  EXPECT_THROW(writer.write(directory.path() / "a.safetensors"), Error);
  EXPECT_TRUE(fs::is_empty(directory.path()));
}

TEST(Tensor, EveryHalfPrecisionValueGoesToFloatAndBack) {
  for (uint32_t bits = 0; bits <= 0xFFFF; ++bits) {
    const auto half = static_cast<uint16_t>(bits);
    const bool f16_nan = (bits & 0x7FFF) > 0x7C00;
    const bool bf16_nan = (bits & 0x7FFF) > 0x7F80;
    if (f16_nan) {
      EXPECT_TRUE(std::isnan(f16_to_float(half)));
      EXPECT_TRUE(std::isnan(f16_to_float(float_to_f16(f16_to_float(half)))));
    } else {
      ASSERT_EQ(float_to_f16(f16_to_float(half)), half) << bits;
    }
    if (bf16_nan) {
      EXPECT_TRUE(std::isnan(bf16_to_float(float_to_bf16(bf16_to_float(half)))));
    } else {
      ASSERT_EQ(float_to_bf16(bf16_to_float(half)), half) << bits;
    }
  }
}

TEST(Tensor, HalfPrecisionRoundsToNearestEven) {
  struct Case {
    float value;
    uint16_t f16, bf16;
  };
  const float infinity = std::numeric_limits<float>::infinity();
  for (const Case& c : std::vector<Case>{
           {0.0f, 0x0000, 0x0000},
           {-0.0f, 0x8000, 0x8000},
           {1.0f, 0x3C00, 0x3F80},
           {1.0f + 0x1p-11f, 0x3C00, 0x3F80},      // tie, to even
           {1.0f + 3 * 0x1p-11f, 0x3C02, 0x3F80},  // tie, to even
           {1.0f + 0x1p-8f, 0x3C04, 0x3F80},       // bf16 tie, to even
           {1.0f + 3 * 0x1p-8f, 0x3C0C, 0x3F82},   // bf16 tie, to even
           {65504.0f, 0x7BFF, 0x4780},             // largest fp16
           {65519.99f, 0x7BFF, 0x4780},            // below the middle to infinity
           {65520.0f, 0x7C00, 0x4780},             // the middle goes up
           {infinity, 0x7C00, 0x7F80},
           {-infinity, 0xFC00, 0xFF80},
           {0x1p-24f, 0x0001, 0x3380},  // smallest subnormal fp16
           {0x1p-25f, 0x0000, 0x3300},  // tie, to even
           {0x1.8p-25f, 0x0001, 0x3340},
           {3.4028235e38f, 0x7C00, 0x7F80},
       }) {
    EXPECT_EQ(float_to_f16(c.value), c.f16) << c.value;
    EXPECT_EQ(float_to_bf16(c.value), c.bf16) << c.value;
  }
}

TEST(Tensor, UnalignedBytesAreRead) {
  std::vector<std::byte> bytes(1 + 4);
  const float value = 3.25f;
  std::memcpy(bytes.data() + 1, &value, 4);
  const TensorView tensor{DType::kF32, {1}, std::span(bytes).subspan(1)};
  EXPECT_EQ(to_float(tensor), std::vector<float>{value});
}

TEST(Tensor, IntegersHaveNoFloatValues) {
  const std::vector<std::byte> bytes(4);
  EXPECT_THROW(to_float(TensorView{DType::kI32, {1}, bytes}), Error);
}

}  // namespace
}  // namespace recto
