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

/// Sizes of an image for the longest edge `edge`; rows and columns of its tiles, 0 if it is not
/// split.
ViewSizes sizes_for(int edge, int width, int height, const ViewSettings& settings, int& rows,
                    int& columns) {
  ViewSizes sizes;
  resized_size(edge, width, height);
  sizes.resized_width = width;
  sizes.resized_height = height;
  rows = columns = 0;
  if (!settings.image_splitting) {
    sizes.stretched_width = sizes.stretched_height = settings.tile;
    return sizes;
  }
  stretched_size(settings.tile, width, height);
  sizes.stretched_width = width;
  sizes.stretched_height = height;
  if (width > settings.tile || height > settings.tile) {
    rows = height / settings.tile;
    columns = width / settings.tile;
  }
  return sizes;
}

Image resized(const Image& from, int width, int height, const ViewSettings& settings) {
  return resize(from, width, height, settings.resample, settings.resample_order);
}

/// The image in whole tiles. Each step rounds to bytes, as in the reference; a step that changes
/// nothing is left out.
Image stretched_image(const Image& image, const ViewSizes& sizes, const ViewSettings& settings) {
  if (sizes.resized_width == image.width && sizes.resized_height == image.height) {
    return resized(image, sizes.stretched_width, sizes.stretched_height, settings);
  }
  Image out = resized(image, sizes.resized_width, sizes.resized_height, settings);
  if (sizes.stretched_width == out.width && sizes.stretched_height == out.height) return out;
  return resized(out, sizes.stretched_width, sizes.stretched_height, settings);
}

/// Copies rows x columns tiles, row by row; returns the end of what was written.
uint8_t* copy_tiles(const Image& image, int rows, int columns, int tile, uint8_t* out) {
  for (int row = 0; row < rows; ++row) {
    for (int column = 0; column < columns; ++column) {
      copy_planes(image, column * tile, row * tile, tile, out);
      out += 3 * static_cast<size_t>(tile) * static_cast<size_t>(tile);
    }
  }
  return out;
}

}  // namespace

ViewGrid view_grid(int width, int height, const ViewSettings& settings) {
  RECTO_CHECK(settings.longest_edge >= 1 && settings.tile >= 1);
  if (width < 1 || height < 1) {
    fail(ErrorCode::kBadInput, "an image of {} x {} pixels has no views", width, height);
  }
  ViewGrid grid;
  static_cast<ViewSizes&>(grid) =
      sizes_for(settings.longest_edge, width, height, settings, grid.rows, grid.columns);
  if (settings.second_edge > 0 && settings.image_splitting) {
    grid.second = sizes_for(settings.second_edge, width, height, settings, grid.second_rows,
                            grid.second_columns);
  }
  return grid;
}

int largest_edge(const ViewSettings& settings) {
  return std::max(settings.longest_edge, settings.second_edge);
}

Views make_views(const Image& image, const ViewSettings& settings) {
  const ViewGrid grid = view_grid(image.width, image.height, settings);
  const Image stretched = stretched_image(image, grid, settings);
  const int tile = settings.tile;
  Views views{grid, tile, {}};
  const size_t view_size = 3 * static_cast<size_t>(tile) * static_cast<size_t>(tile);
  views.pixels.resize(static_cast<size_t>(views.count()) * view_size);
  uint8_t* out = copy_tiles(stretched, grid.rows, grid.columns, tile, views.pixels.data());
  if (grid.second_rows > 0) {
    const Image second = stretched_image(image, grid.second, settings);
    out = copy_tiles(second, grid.second_rows, grid.second_columns, tile, out);
  }
  const bool is_split = grid.rows > 0;
  copy_planes(is_split ? resized(stretched, tile, tile, settings) : stretched, 0, 0, tile, out);
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
