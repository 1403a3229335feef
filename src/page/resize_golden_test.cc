// Resizing, byte for byte against Pillow (goldens/resize).

#include <gtest/gtest.h>

#include <cstring>
#include <map>

#include "base/file.h"
#include "base/json.h"
#include "base/sha256.h"
#include "page/resize.h"
#include "support/support.h"

namespace recto {
namespace {

/// A u8 [height, width, channels] array.
struct Array {
  int height = 0;
  int width = 0;
  int channels = 0;
  std::vector<uint8_t> values;
};

std::map<std::string, Array> read_arrays(const std::filesystem::path& path) {
  const std::string file = read_file(path);
  uint64_t header_size = 0;
  std::memcpy(&header_size, file.data(), sizeof(header_size));
  const Json header = parse_json(std::string_view(file).substr(8, header_size), path.string());
  std::map<std::string, Array> arrays;
  for (const auto& [name, entry] : header.items()) {
    if (name == "__metadata__") continue;
    const auto shape = entry.at("shape").get<std::vector<int>>();
    const auto range = entry.at("data_offsets").get<std::vector<size_t>>();
    Array array{shape.at(0), shape.at(1), shape.size() > 2 ? shape[2] : 1, {}};
    const auto begin = file.begin() + static_cast<ptrdiff_t>(8 + header_size + range.at(0));
    array.values.assign(begin, begin + static_cast<ptrdiff_t>(range.at(1) - range[0]));
    arrays[name] = std::move(array);
  }
  return arrays;
}

Image as_image(const Array& array) {
  if (array.channels == 3) return {array.width, array.height, array.values};
  Image image{array.width, array.height, {}};
  for (const uint8_t value : array.values) image.rgb.insert(image.rgb.end(), 3, value);
  return image;
}

Filter filter_named(const std::string& name) {
  static const std::map<std::string, Filter> kNames = {{"lanczos", Filter::kLanczos},
                                                       {"bicubic", Filter::kBicubic},
                                                       {"bilinear", Filter::kBilinear},
                                                       {"box", Filter::kBox}};
  return kNames.at(name);
}

TEST(ResizeGolden, EqualsPillowByteForByte) {
  const auto folder = test::goldens() / "resize";
  for (const char* name : {"cases.json", "resize.safetensors"}) {
    if (!exists(folder / name)) GTEST_SKIP() << name << " is not in " << folder;
  }
  const auto arrays = read_arrays(folder / "resize.safetensors");
  int compared = 0;
  const Json cases = read_json(folder / "cases.json");
  for (const Json& entry : cases.at("cases")) {
    const Image in = as_image(arrays.at(entry.at("input")));
    const Filter filter = filter_named(entry.at("filter"));
    const int width = entry.at("dst_wh").at(0);
    const int height = entry.at("dst_wh").at(1);
    const auto name = entry.at("output").get<std::string>();
    const Image want = as_image(arrays.at(name));
    EXPECT_EQ(resize(in, width, height, filter).rgb, want.rgb) << name;
    const auto name13 = json_optional<std::string>(entry, "output_pillow13", name, name);
    EXPECT_EQ(resize(in, width, height, filter, ResampleOrder::kPillow13).rgb,
              as_image(arrays.at(name13)).rgb)
        << name13;
    ++compared;
  }
  EXPECT_GT(compared, 0);
}

}  // namespace
}  // namespace recto
