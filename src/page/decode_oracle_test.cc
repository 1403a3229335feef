// Image files of every kind against Pillow itself, which pillow_oracle.py asks.

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <turbojpeg.h>

#include "base/file.h"
#include "page/decode.h"
#include "page/test_oracle.h"
#include "support/support.h"

namespace recto {
namespace {
namespace fs = std::filesystem;

// A CMYK JPEG stored as YCCK, which Pillow reads but does not write.
std::string ycck_jpeg() {
  constexpr int kWidth = 37;
  constexpr int kHeight = 29;
  std::vector<uint8_t> cmyk(kWidth * kHeight * 4);
  for (size_t i = 0; i < cmyk.size(); ++i) cmyk[i] = static_cast<uint8_t>(i * 7 % 251);
  tjhandle handle = tjInitCompress();
  unsigned char* data = nullptr;
  unsigned long size = 0;
  EXPECT_EQ(tjCompress2(handle, cmyk.data(), kWidth, 0, kHeight, TJPF_CMYK, &data, &size,
                        TJSAMP_444, 90, 0),
            0);
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  tjFree(data);
  tjDestroy(handle);
  return bytes;
}

TEST(DecodeOracle, EveryKindOfFileEqualsPillow) {
  if (!fs::exists(test::python())) GTEST_SKIP() << "no " << test::python();
  TemporaryDirectory directory;
  write_file(directory.path() / "jpeg_ycck.jpg", ycck_jpeg());
  const auto script = test::source_directory() / "src/page/pillow_oracle.py";
  const auto result =
      test::run_command(fmt::format("'{}' -W ignore '{}' '{}'", test::python().string(),
                                    script.string(), directory.path().string()));
  ASSERT_EQ(result.status, 0) << result.err;
  int compared = 0;
  for (const auto& entry : fs::directory_iterator(directory.path())) {
    if (entry.path().extension() == ".rgb") continue;
    const std::string name = entry.path().filename().string();
    const Image want = test::read_raw_image(entry.path().string() + ".rgb");
    const Image got = decode_image(as_bytes(read_file(entry.path())), name);
    EXPECT_EQ(got.width, want.width) << name;
    EXPECT_EQ(got.height, want.height) << name;
    EXPECT_TRUE(got.rgb == want.rgb) << name << ": other pixels";
    ++compared;
  }
  EXPECT_GT(compared, 100);
}

}  // namespace
}  // namespace recto
