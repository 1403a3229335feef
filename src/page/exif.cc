#include "page/exif.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>

namespace recto {
namespace {

constexpr uint16_t kOrientationTag = 0x0112;

/// Numbers of either byte order out of a block; 0 beyond its end.
class TiffReader {
 public:
  TiffReader(std::span<const std::byte> block, bool big_endian)
      : block_(block), big_endian_(big_endian) {}

  uint32_t number(size_t offset, size_t size) const {
    if (offset > block_.size() || size > block_.size() - offset) return 0;
    uint32_t value = 0;
    for (size_t i = 0; i < size; ++i) {
      const size_t at = big_endian_ ? offset + i : offset + size - 1 - i;
      value = value << 8 | std::to_integer<uint32_t>(block_[at]);
    }
    return value;
  }

 private:
  std::span<const std::byte> block_;
  bool big_endian_;
};

// The value field of an entry that holds one BYTE (1), SHORT (3) or LONG (4); 0 for other types.
uint32_t entry_value(const TiffReader& reader, size_t entry) {
  switch (reader.number(entry + 2, 2)) {
    case 1:
      return reader.number(entry + 8, 1);
    case 3:
      return reader.number(entry + 8, 2);
    case 4:
      return reader.number(entry + 8, 4);
    default:
      return 0;
  }
}

}  // namespace

int exif_orientation(std::span<const std::byte> block) {
  constexpr char kPrefix[] = {'E', 'x', 'i', 'f', 0, 0};
  if (block.size() >= sizeof(kPrefix) && std::memcmp(block.data(), kPrefix, sizeof(kPrefix)) == 0) {
    block = block.subspan(sizeof(kPrefix));
  }
  if (block.size() < 8) return 1;
  const bool big_endian = std::memcmp(block.data(), "MM\0*", 4) == 0;
  if (!big_endian && std::memcmp(block.data(), "II*\0", 4) != 0) return 1;
  const TiffReader reader(block, big_endian);
  const size_t directory = reader.number(4, 4);
  const size_t count = reader.number(directory, 2);
  for (size_t i = 0; i < count; ++i) {
    const size_t entry = directory + 2 + 12 * i;
    if (reader.number(entry, 2) != kOrientationTag) continue;
    const uint32_t value = entry_value(reader, entry);
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

Image apply_orientation(Image image, int orientation) {
  if (orientation <= 1 || orientation > 8) return image;
  const ptrdiff_t width = image.width;
  const ptrdiff_t height = image.height;
  // Where the top left pixel of the result lies, and how far the next one to the right and the
  // next one below are, in pixels of `image`.
  struct Walk {
    ptrdiff_t origin, right, down;
  };
  const ptrdiff_t last_row = (height - 1) * width;
  const Walk walks[] = {{width - 1, -1, width},              // 2: mirrored
                        {last_row + width - 1, -1, -width},  // 3: upside down
                        {last_row, 1, -width},               // 4: mirrored, upside down
                        {0, width, 1},                       // 5: transposed
                        {last_row, -width, 1},               // 6: turned right
                        {last_row + width - 1, -width, -1},  // 7: transposed, upside down
                        {width - 1, width, -1}};             // 8: turned left
  const Walk walk = walks[orientation - 2];
  Image out{image.width, image.height, std::vector<uint8_t>(image.rgb.size())};
  if (orientation >= 5) std::swap(out.width, out.height);
  uint8_t* to = out.rgb.data();
  for (ptrdiff_t y = 0; y < out.height; ++y) {
    const uint8_t* from = image.rgb.data() + (walk.origin + y * walk.down) * 3;
    for (ptrdiff_t x = 0; x < out.width; ++x, from += walk.right * 3, to += 3) {
      std::copy_n(from, 3, to);
    }
  }
  return out;
}

}  // namespace recto
