#include "page/image_bytes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "support/support.h"

namespace recto {
namespace {
namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(ImageBytes, DecodesAsAFileDoes) {
  const fs::path folder = test::source_directory() / "tests/goldens/images/src";
  int seen = 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (image_format(as_bytes(read_file(entry.path()))).empty()) continue;
    const Image wanted = read_image(entry.path());
    const Image found = read_image_bytes(read_file(entry.path()), "an image");
    EXPECT_EQ(found.width, wanted.width) << entry.path();
    EXPECT_EQ(found.rgb, wanted.rgb) << entry.path();
    ++seen;
  }
  EXPECT_GT(seen, 3);
}

TEST(ImageBytes, MessagesNameTheImageAndNotTheFileInMemory) {
  for (const std::string& bytes :
       {std::string("no image"), std::string(), std::string("%PDF-1.7")}) {
    try {
      read_image_bytes(bytes, "page 7");
      ADD_FAILURE() << "no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kBadInput);
      EXPECT_THAT(error.what(), HasSubstr("page 7"));
      EXPECT_THAT(error.what(), Not(HasSubstr("/proc")));
    }
  }
}

std::string big_endian(uint32_t value, int bytes) {
  std::string out;
  for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(value >> (8 * i) & 255);
  return out;
}

/// A TIFF block with one entry: orientation.
std::string exif(int orientation) {
  return std::string("MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0", 19) +
         static_cast<char>(orientation) + std::string(6, '\0');
}

TEST(StoredOrientation, IsReadFromJpegPngAndWebp) {
  const std::string block = exif(6);
  const std::string app1 = std::string("Exif\0\0", 6) + block;
  const std::string jpeg = "\xff\xd8\xff\xe0" + big_endian(4, 2) + "ab\xff\xe1" +
                           big_endian(static_cast<uint32_t>(app1.size()) + 2, 2) + app1;
  EXPECT_EQ(stored_orientation(jpeg), 6);
  const std::string png = "\x89PNG\r\n\x1a\n" + big_endian(2, 4) + "teXtab0000" +
                          big_endian(static_cast<uint32_t>(block.size()), 4) + "eXIf" + block +
                          "0000";
  EXPECT_EQ(stored_orientation(png), 6);
  std::string size = big_endian(static_cast<uint32_t>(block.size()), 4);
  std::reverse(size.begin(), size.end());
  EXPECT_EQ(stored_orientation("RIFF0000WEBPEXIF" + size + block), 6);
}

TEST(StoredOrientation, OfBrokenBytesIsNone) {
  const std::string whole = "\xff\xd8\xff\xe1" + big_endian(40, 2) + std::string("Exif\0\0", 6) +
                            exif(6) + std::string(20, ' ');
  for (size_t size = 0; size < whole.size(); ++size) {
    const int found = stored_orientation(whole.substr(0, size));
    EXPECT_TRUE(found == 1 || found == 6) << size;
  }
  for (const std::string& bytes :
       {std::string(), std::string("x"), std::string("\x89PNG\r\n\x1a\n"),
        std::string("\x89PNG\r\n\x1a\n\xff\xff\xff\xff"
                    "eXIf....",
                    20),
        std::string("RIFF0000WEBPEXIF\xff\xff\xff\xff", 20)}) {
    EXPECT_EQ(stored_orientation(bytes), 1);
  }
}

}  // namespace
}  // namespace recto
