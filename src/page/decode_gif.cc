#include <gif_lib.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <vector>

#include "base/error.h"
#include "page/decoders.h"

namespace recto {
namespace {

struct Closer {
  void operator()(GifFileType* gif) const { DGifCloseFile(gif, nullptr); }
};
using Gif = std::unique_ptr<GifFileType, Closer>;

int read_bytes(GifFileType* gif, GifByteType* to, int count) {
  auto& rest = *static_cast<std::span<const std::byte>*>(gif->UserData);
  const size_t size = std::min(rest.size(), static_cast<size_t>(count));
  if (size > 0) std::memcpy(to, rest.data(), size);
  rest = rest.subspan(size);
  return static_cast<int>(size);
}

[[noreturn]] void fail_gif(int code, const std::string& name) {
  const char* reason = GifErrorString(code);
  fail(ErrorCode::kBadInput, "{}: the GIF is truncated or corrupt ({})", name,
       reason != nullptr ? reason : "no reason given");
}

/// Colours of the first frame; `transparent` is -1 when there is no such index.
struct Palette {
  std::array<std::array<uint8_t, 3>, 256> colours{};
  int transparent = -1;
};

// A frame without a palette, and one whose entries are the gray values 0, 1, 2..., is gray to
// Pillow; indices behind the end of another palette are black.
void fill_palette(const ColorMapObject* map, Palette& palette) {
  const int count = map != nullptr ? std::min(map->ColorCount, 256) : 0;
  bool gray = true;
  for (int i = 0; i < count; ++i) {
    const GifColorType& c = map->Colors[i];
    palette.colours[static_cast<size_t>(i)] = {c.Red, c.Green, c.Blue};
    gray = gray && c.Red == i && c.Green == i && c.Blue == i;
  }
  if (!gray) return;
  for (size_t i = 0; i < 256; ++i) palette.colours[i].fill(static_cast<uint8_t>(i));
}

// Reads an extension; a graphic control extension names the transparent index.
void read_extension(GifFileType* gif, const std::string& name, Palette& palette) {
  int code = 0;
  GifByteType* block = nullptr;
  if (DGifGetExtension(gif, &code, &block) == GIF_ERROR) fail_gif(gif->Error, name);
  if (code == GRAPHICS_EXT_FUNC_CODE && block != nullptr && block[0] >= 4 && (block[1] & 1) != 0) {
    palette.transparent = block[4];
  }
  while (block != nullptr) {
    if (DGifGetExtensionNext(gif, &block) == GIF_ERROR) fail_gif(gif->Error, name);
  }
}

// Moves to the first frame.
void find_frame(GifFileType* gif, const std::string& name, Palette& palette) {
  while (true) {
    GifRecordType type = UNDEFINED_RECORD_TYPE;
    if (DGifGetRecordType(gif, &type) == GIF_ERROR) fail_gif(gif->Error, name);
    if (type == TERMINATE_RECORD_TYPE) {
      fail(ErrorCode::kBadInput, "{}: the GIF holds no picture", name);
    }
    if (type == EXTENSION_RECORD_TYPE) {
      read_extension(gif, name, palette);
    } else if (type == IMAGE_DESC_RECORD_TYPE) {
      if (DGifGetImageDesc(gif) == GIF_ERROR) fail_gif(gif->Error, name);
      return;
    }
  }
}

void paint(const Palette& palette, int index, uint8_t* pixel) {
  if (index == palette.transparent) {
    std::fill_n(pixel, 3, uint8_t{255});
  } else {
    std::copy_n(palette.colours[static_cast<size_t>(index)].begin(), 3, pixel);
  }
}

void read_frame(GifFileType* gif, const Palette& palette, const std::string& name, Image& canvas) {
  const GifImageDesc& frame = gif->Image;
  std::vector<GifPixelType> line(static_cast<size_t>(frame.Width));
  // Interlaced rows come in four passes: every 8th from 0, from 4, every 4th from 2, 2nd from 1.
  constexpr int kStarts[] = {0, 4, 2, 1};
  constexpr int kSteps[] = {8, 8, 4, 2};
  const int passes = frame.Interlace ? 4 : 1;
  for (int pass = 0; pass < passes; ++pass) {
    const int step = frame.Interlace ? kSteps[pass] : 1;
    for (int y = frame.Interlace ? kStarts[pass] : 0; y < frame.Height; y += step) {
      if (DGifGetLine(gif, line.data(), frame.Width) == GIF_ERROR) fail_gif(gif->Error, name);
      const size_t row = static_cast<size_t>(frame.Top + y) * static_cast<size_t>(canvas.width);
      uint8_t* pixel = canvas.rgb.data() + (row + static_cast<size_t>(frame.Left)) * 3;
      for (const GifPixelType index : line) {
        paint(palette, index, pixel);
        pixel += 3;
      }
    }
  }
}

}  // namespace

DecodedImage decode_gif(std::span<const std::byte> bytes, const std::string& name,
                        const ImageLimits& limits) {
  std::span<const std::byte> rest = bytes;
  int code = 0;
  const Gif gif(DGifOpen(&rest, read_bytes, &code));
  if (!gif) fail_gif(code, name);
  Palette palette;
  find_frame(gif.get(), name, palette);
  const GifImageDesc& frame = gif->Image;
  if (frame.Left < 0 || frame.Top < 0 || frame.Width < 1 || frame.Height < 1) {
    fail(ErrorCode::kBadInput, "{}: the GIF's first picture has no pixels", name);
  }
  // A frame that reaches beyond the screen enlarges it, as in Pillow.
  const int width = std::max(gif->SWidth, frame.Left + frame.Width);
  const int height = std::max(gif->SHeight, frame.Top + frame.Height);
  check_image_size(width, height, name, limits);
  fill_palette(frame.ColorMap != nullptr ? frame.ColorMap : gif->SColorMap, palette);

  DecodedImage decoded{allocate_image(width, height, 3)};
  // Around the frame Pillow leaves the transparent index, or else index 0.
  const int around = palette.transparent >= 0 ? palette.transparent : 0;
  for (size_t i = 0; i < decoded.image.rgb.size(); i += 3) {
    paint(palette, around, decoded.image.rgb.data() + i);
  }
  read_frame(gif.get(), palette, name, decoded.image);
  return decoded;
}

}  // namespace recto
