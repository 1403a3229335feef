#include "model/views.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"
#include "model/planes.h"

namespace recto {
namespace {

// transformers' MAX_IMAGE_SIZE: nothing is resized to more than this.
constexpr int kMaxSide = 4096;

// The sides of an image whose longer one becomes `longest`; the shorter one is truncated as
// Python's int(longest / (w / h)) and int(longest * (w / h)) are.
void scale_to(int longest, int& width, int& height) {
  const double ratio = static_cast<double>(width) / height;
  if (width >= height) {
    width = longest;
    height = static_cast<int>(width / ratio);
  } else {
    height = longest;
    width = static_cast<int>(height * ratio);
  }
}

int round_up(int value, int multiple) { return (value + multiple - 1) / multiple * multiple; }

// Idefics3ImageProcessor: _resize_output_size_rescale_to_max_len, then ..._scale_below_upper_bound.
void resized_size(int longest_edge, int& width, int& height) {
  scale_to(longest_edge, width, height);
  int& shorter = width >= height ? height : width;
  shorter = std::max(shorter + shorter % 2, 1);
  if (std::max(width, height) > kMaxSide) scale_to(kMaxSide, width, height);
  width = std::max(width, 1);
  height = std::max(height, 1);
}

// resize_for_vision_encoder: whole tiles, by rounding the longer side up and then the shorter one,
// scaled along, up as well.
void stretched_size(int tile, int& width, int& height) {
  const double ratio = static_cast<double>(width) / height;
  if (width >= height) {
    width = round_up(width, tile);
    height = round_up(static_cast<int>(width / ratio), tile);
  } else {
    height = round_up(height, tile);
    width = round_up(static_cast<int>(height * ratio), tile);
  }
}

// Copies the tile x tile pixels from (x, y) on as three planes.
void copy_planes(const Image& image, int x, int y, int tile, uint8_t* out) {
  const auto side = static_cast<size_t>(tile);
  const size_t plane = side * side;
  for (size_t row = 0; row < side; ++row) {
    const uint8_t* from =
        image.rgb.data() + ((static_cast<size_t>(y) + row) * static_cast<size_t>(image.width) +
                            static_cast<size_t>(x)) *
                               3;
    uint8_t* to = out + row * side;
    split_rgb(from, side, to, to + plane, to + 2 * plane);
  }
}

}  // namespace

ViewGrid view_grid(int width, int height, const ViewSettings& settings) {
  RECTO_CHECK(settings.longest_edge >= 1 && settings.tile >= 1);
  if (width < 1 || height < 1) {
    fail(ErrorCode::kBadInput, "an image of {} x {} pixels has no views", width, height);
  }
  ViewGrid grid;
  resized_size(settings.longest_edge, width, height);
  grid.resized_width = width;
  grid.resized_height = height;
  if (!settings.image_splitting) {
    grid.stretched_width = grid.stretched_height = settings.tile;
    return grid;
  }
  stretched_size(settings.tile, width, height);
  grid.stretched_width = width;
  grid.stretched_height = height;
  if (width > settings.tile || height > settings.tile) {
    grid.rows = height / settings.tile;
    grid.columns = width / settings.tile;
  }
  return grid;
}

Views make_views(const Image& image, const ViewSettings& settings) {
  const ViewGrid grid = view_grid(image.width, image.height, settings);
  const auto resized = [&](const Image& from, int width, int height) {
    return resize(from, width, height, settings.resample, settings.resample_order);
  };
  // Each step rounds to bytes, as in the reference; a step that changes nothing is left out.
  Image stretched;
  if (grid.resized_width == image.width && grid.resized_height == image.height) {
    stretched = resized(image, grid.stretched_width, grid.stretched_height);
  } else {
    stretched = resized(image, grid.resized_width, grid.resized_height);
    if (grid.stretched_width != stretched.width || grid.stretched_height != stretched.height) {
      stretched = resized(stretched, grid.stretched_width, grid.stretched_height);
    }
  }
  Views views{grid.rows, grid.columns, settings.tile, {}};
  const int tile = settings.tile;
  const size_t view_size = 3 * static_cast<size_t>(tile) * static_cast<size_t>(tile);
  views.pixels.resize(static_cast<size_t>(views.count()) * view_size);
  uint8_t* out = views.pixels.data();
  for (int row = 0; row < grid.rows; ++row) {
    for (int column = 0; column < grid.columns; ++column, out += view_size) {
      copy_planes(stretched, column * tile, row * tile, tile, out);
    }
  }
  const bool is_split = grid.rows > 0;
  copy_planes(is_split ? resized(stretched, tile, tile) : stretched, 0, 0, tile, out);
  return views;
}

const float* normalize_table() {
  static const std::array<float, 256> table = [] {
    std::array<float, 256> built{};
    for (int byte = 0; byte < 256; ++byte) {
      const auto rescaled = static_cast<float>(byte * (1.0 / 255.0));
      built[static_cast<size_t>(byte)] = (rescaled - 0.5f) / 0.5f;
    }
    return built;
  }();
  return table.data();
}

void normalize_views(const Views& views, int first, int count, float* out) {
  RECTO_CHECK(first >= 0 && count >= 0 && first + count <= views.count());
  const size_t view_size = 3 * static_cast<size_t>(views.tile) * static_cast<size_t>(views.tile);
  const uint8_t* pixels = views.pixels.data() + static_cast<size_t>(first) * view_size;
  const float* table = normalize_table();
  for (size_t i = 0; i < static_cast<size_t>(count) * view_size; ++i) out[i] = table[pixels[i]];
}

}  // namespace recto
