#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"
#include "base/json.h"
#include "base/sha256.h"
#include "model/safetensors.h"
#include "model/views.h"
#include "page/decode.h"
#include "support/golden_sections.h"
#include "support/support.h"

namespace recto {
namespace {
namespace fs = std::filesystem;

fs::path folder() { return test::goldens() / "images"; }

Image decode(const fs::path& file) {
  return decode_image(as_bytes(read_file(file)), file.filename().string());
}

// The image as it is stored, from one that was turned by its EXIF orientation.
Image undo_orientation(const Image& turned, int orientation) {
  if (orientation < 2 || orientation > 8) return turned;
  Image stored = turned;
  if (orientation >= 5) std::swap(stored.width, stored.height);
  const int w = stored.width, h = stored.height;
  for (int y = 0; y < turned.height; ++y) {
    for (int x = 0; x < turned.width; ++x) {
      const int from_x[] = {w - 1 - x, w - 1 - x, x, y, y, w - 1 - y, w - 1 - y};
      const int from_y[] = {y, h - 1 - y, h - 1 - y, x, h - 1 - x, h - 1 - x, x};
      const uint8_t* from = &turned.rgb[3 * static_cast<size_t>(y * turned.width + x)];
      std::copy(from, from + 3,
                &stored.rgb[3 * static_cast<size_t>(from_y[orientation - 2] * w +
                                                    from_x[orientation - 2])]);
    }
  }
  return stored;
}

// The RGB pixels a run started from: those of Pillow where its decoding is kept apart, so that the
// views are tested apart from the decoder.
Image source_image(const Json& image, bool exif_transposed) {
  const fs::path file = folder() / image.at("file").get<std::string>();
  const fs::path decoded = folder() / "decoded" / (file.filename().string() + ".png");
  if (!exif_transposed && fs::exists(decoded)) return decode(decoded);
  const Image turned = decode(file);
  const bool has_orientation = image.at("exif_orientation").is_number();
  if (exif_transposed || !has_orientation) return turned;
  return undo_orientation(turned, image.at("exif_orientation"));
}

ViewSettings settings_of(const Json& run, ResampleOrder order) {
  ViewSettings settings;
  settings.longest_edge = run.at("L");
  settings.tile = run.at("T");
  settings.image_splitting = run.at("split");
  settings.resample_order = order;
  return settings;
}

std::vector<float> normalized(const Views& views) {
  std::vector<float> values(views.pixels.size());
  normalize_views(views, 0, views.count(), values.data());
  return values;
}

std::string hash_of(const std::vector<float>& values) {
  return sha256_hex(std::as_bytes(std::span(values)));
}

void expect_samples(const Json& run, const Views& views, const std::vector<float>& values) {
  for (const Json& sample : run.at("samples")) {
    const auto index = sample.at(0).get<size_t>();
    ASSERT_LT(index, views.pixels.size());
    EXPECT_EQ(views.pixels[index], sample.at(1).get<int>()) << "at " << index;
    EXPECT_EQ(values[index], sample.at(2).get<float>()) << "at " << index;
  }
  const size_t view_size = views.pixels.size() / static_cast<size_t>(views.count());
  for (size_t view = 0; view < run.at("u8_sum_per_view").size(); ++view) {
    int64_t sum = 0;
    for (size_t i = 0; i < view_size; ++i) sum += views.pixels[view * view_size + i];
    EXPECT_EQ(sum, run.at("u8_sum_per_view")[view].get<int64_t>()) << "view " << view;
  }
}

// suffix "" or "_pillow13"
void expect_run(const Json& run, const Views& views, const std::string& suffix) {
  EXPECT_EQ(views.rows, run.at("rows").get<int>());
  EXPECT_EQ(views.columns, run.at("cols").get<int>());
  EXPECT_EQ(views.count(), run.at("views").get<int>());
  const std::vector<float> values = normalized(views);
  EXPECT_EQ(sha256_hex(std::as_bytes(std::span(views.pixels))),
            run.at("tiles_u8_chw_sha256" + suffix));
  EXPECT_EQ(hash_of(values), run.at("pixel_values_f32_sha256" + suffix));
  if (suffix.empty()) expect_samples(run, views, values);
}

void expect_tiles(const Json& run, const char* key, const SafetensorsFile& tiles,
                  const Views& views) {
  if (!run.contains(key) || run.at(key).is_null()) return;
  const TensorView& tensor = tiles.at(run.at(key));
  const std::vector<int64_t> shape = {views.count(), 3, views.tile, views.tile};
  EXPECT_EQ(tensor.shape, shape);
  const auto bytes = std::as_bytes(std::span(views.pixels));
  EXPECT_TRUE(std::equal(bytes.begin(), bytes.end(), tensor.bytes.begin(), tensor.bytes.end()))
      << run.at(key);
}

TEST(ViewsGolden, GridsByArithmetic) {
  const fs::path file = folder() / "grids.json";
  if (!fs::exists(file)) GTEST_SKIP() << "no " << file;
  const Json cases = read_json(file).at("cases");
  ASSERT_FALSE(cases.empty());
  for (const Json& expected : cases) {
    ViewSettings settings;
    settings.longest_edge = expected.at("L");
    settings.tile = expected.at("T");
    const ViewGrid grid = view_grid(expected.at("w"), expected.at("h"), settings);
    const std::vector<int> resized = {grid.resized_width, grid.resized_height};
    const std::vector<int> stretched = {grid.stretched_width, grid.stretched_height};
    EXPECT_EQ(resized, expected.at("resized_wh").get<std::vector<int>>()) << expected;
    EXPECT_EQ(stretched, expected.at("tiled_wh").get<std::vector<int>>()) << expected;
    EXPECT_EQ(grid.rows, expected.at("rows").get<int>()) << expected;
    EXPECT_EQ(grid.columns, expected.at("cols").get<int>()) << expected;
    EXPECT_EQ(grid.views(), expected.at("views").get<int>()) << expected;
  }
}

TEST(ViewsGolden, TilesAndPixelValuesBitForBit) {
  const fs::path file = folder() / "cases.json";
  if (!fs::exists(file)) GTEST_SKIP() << "no " << file;
  const Json cases = read_json(file);
  test::GoldenSections sections;
  std::optional<SafetensorsFile> tiles;
  if (fs::exists(folder() / "tiles_u8.safetensors"))
    tiles.emplace(folder() / "tiles_u8.safetensors");
  for (const Json& image : cases.at("cases")) {
    if (!sections.has(folder() / image.at("file").get<std::string>())) continue;
    for (const Json& run : image.at("runs")) {
      SCOPED_TRACE(fmt::format("{} L {} T {} split {} exif {}", image.at("file").dump(),
                               run.at("L").dump(), run.at("T").dump(), run.at("split").dump(),
                               run.at("exif_transposed").dump()));
      const bool exif = run.at("exif_transposed");
      const Image source = source_image(image, exif);
      ASSERT_EQ(sha256_hex(std::as_bytes(std::span(source.rgb))),
                image.at(exif ? "rgb_exif_transposed_sha256" : "rgb_sha256"));
      const Views views = make_views(source, settings_of(run, ResampleOrder::kHorizontalFirst));
      expect_run(run, views, "");
      const Views pillow13 = make_views(source, settings_of(run, ResampleOrder::kPillow13));
      expect_run(run, pillow13, run.contains("tiles_u8_chw_sha256_pillow13") ? "_pillow13" : "");
      sections.tested();
      if (!tiles) continue;
      expect_tiles(run, "tiles_tensor", *tiles, views);
      expect_tiles(run, "tiles_tensor_pillow13", *tiles, pillow13);
    }
  }
  sections.finish();
}

TEST(ViewsGolden, NormalizeTable) {
  const fs::path file = folder() / "normalize_lut.safetensors";
  if (!fs::exists(file)) GTEST_SKIP() << "no " << file;
  const SafetensorsFile reference(file);
  ASSERT_EQ(reference.tensors().size(), 1u);
  const std::vector<float> values = to_float(reference.tensors().begin()->second);
  ASSERT_EQ(values.size(), 256u);
  for (size_t byte = 0; byte < 256; ++byte)
    EXPECT_EQ(normalize_table()[byte], values[byte]) << byte;
}

// The reference pads each sample of a batch with zero views; recto packs views without padding, so
// its views with zeros behind them must be the same tensor.
TEST(ViewsGolden, BatchWithFillerViews) {
  const fs::path file = folder() / "batch.json";
  if (!fs::exists(file)) GTEST_SKIP() << "no " << file;
  const Json batch = read_json(file);
  for (const Json& names : batch.at("images")) {
    for (const Json& name : names) {
      const fs::path source = folder() / "src" / name.get<std::string>();
      if (!fs::exists(source)) GTEST_SKIP() << source << " is not in this set";
    }
  }
  ViewSettings settings;
  settings.longest_edge = batch.at("L");
  settings.tile = batch.at("T");
  const auto shape = batch.at("pixel_values_shape").get<std::vector<size_t>>();
  const size_t view_size = shape[2] * shape[3] * shape[4];
  std::vector<float> values;
  for (size_t sample = 0; sample < shape[0]; ++sample) {
    for (const Json& name : batch.at("images")[sample]) {
      const Views views = make_views(decode(folder() / "src" / name.get<std::string>()), settings);
      const std::vector<float> pixels = normalized(views);
      values.insert(values.end(), pixels.begin(), pixels.end());
    }
    int64_t real = 0;
    for (const Json& flag : batch.at("real_views_per_sample")[sample]) real += flag.get<int64_t>();
    EXPECT_EQ(values.size(), (sample * shape[1] + static_cast<size_t>(real)) * view_size);
    values.resize((sample + 1) * shape[1] * view_size);
  }
  EXPECT_EQ(hash_of(values), batch.at("pixel_values_sha256"));
}

}  // namespace
}  // namespace recto
