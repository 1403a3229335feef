#include "model/views.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "model/planes.h"

namespace recto {
namespace {

ViewSettings settings(int longest_edge, int tile, bool splitting = true) {
  ViewSettings result;
  result.longest_edge = longest_edge;
  result.tile = tile;
  result.image_splitting = splitting;
  return result;
}

// The table of the specification: tiles of common pages.
TEST(ViewGrid, CommonPages) {
  struct Case {
    int width, height, longest_edge, tile, rows, columns;
  };
  const Case cases[] = {
      {1240, 1754, 2048, 512, 4, 3}, {1240, 1754, 1024, 512, 2, 2}, {1240, 1754, 512, 512, 0, 0},
      {1754, 1240, 2048, 512, 3, 4}, {1275, 1650, 2048, 512, 4, 4}, {1920, 1080, 2048, 512, 3, 4},
      {16, 32, 2048, 512, 4, 2},     {386, 386, 2048, 512, 4, 4},   {1240, 1754, 1536, 384, 4, 3},
      {1, 40000, 2048, 512, 4, 1},   {40000, 1, 2048, 512, 1, 4},   {10, 10, 8192, 512, 8, 8},
  };
  for (const Case& c : cases) {
    const ViewGrid grid = view_grid(c.width, c.height, settings(c.longest_edge, c.tile));
    EXPECT_EQ(grid.rows, c.rows) << c.width << " x " << c.height;
    EXPECT_EQ(grid.columns, c.columns) << c.width << " x " << c.height;
    EXPECT_EQ(grid.views(), c.rows * c.columns + 1);
  }
}

TEST(ViewGrid, WithoutSplittingThereIsOneView) {
  const ViewGrid grid = view_grid(1240, 1754, settings(2048, 512, false));
  EXPECT_EQ(grid.views(), 1);
  EXPECT_EQ(grid.stretched_width, 512);
  EXPECT_EQ(grid.stretched_height, 512);
}

TEST(ViewGrid, RefusesAnImageWithoutPixels) {
  EXPECT_THROW(view_grid(0, 10, settings(2048, 512)), Error);
  EXPECT_THROW(view_grid(10, 0, settings(2048, 512)), Error);
}

// A second set of tiles between the first and the global view, the same bytes as that edge alone
// would give; what stands around it stays as it was.
TEST(Views, ASecondEdgeBringsItsTiles) {
  Image image{30, 42, {}};
  for (int i = 0; i < 30 * 42 * 3; ++i) image.rgb.push_back(static_cast<uint8_t>(i * 31 % 251));
  const Views first = make_views(image, settings(32, 8));
  const Views alone = make_views(image, settings(48, 8));
  ViewSettings both = settings(32, 8);
  both.second_edge = 48;
  const Views views = make_views(image, both);
  EXPECT_EQ(largest_edge(both), 48);
  EXPECT_EQ(static_cast<const Tiling&>(views),
            (Tiling{first.rows, first.columns, alone.rows, alone.columns}));
  EXPECT_EQ(views.count(), first.rows * first.columns + alone.rows * alone.columns + 1);
  const ptrdiff_t view = 3 * 8 * 8;
  const ptrdiff_t in_first = view * first.rows * first.columns;
  const ptrdiff_t in_second = view * alone.rows * alone.columns;
  ASSERT_EQ(std::ssize(views.pixels), in_first + in_second + view);
  const auto second = views.pixels.begin() + in_first;
  EXPECT_TRUE(std::equal(views.pixels.begin(), second, first.pixels.begin()));
  EXPECT_TRUE(std::equal(second, second + in_second, alone.pixels.begin()));
  EXPECT_TRUE(std::equal(second + in_second, views.pixels.end(), first.pixels.begin() + in_first));
  both.image_splitting = false;
  EXPECT_EQ(make_views(image, both).count(), 1);
}

// Four quarters of one colour each, already of the size the views need: no resampling but that of
// the global view.
TEST(Views, TilesAreCutRowByRowAsPlanes) {
  Image image{4, 4, std::vector<uint8_t>(48)};
  for (size_t y = 0; y < 4; ++y) {
    for (size_t x = 0; x < 4; ++x) {
      for (size_t channel = 0; channel < 3; ++channel) {
        image.rgb[3 * (4 * y + x) + channel] =
            static_cast<uint8_t>(100 * channel + 10 * (2 * (y / 2) + x / 2));
      }
    }
  }
  const Views views = make_views(image, settings(4, 2));
  ASSERT_EQ(views.rows, 2);
  ASSERT_EQ(views.columns, 2);
  ASSERT_EQ(views.pixels.size(), 5u * 3 * 4);
  for (size_t tile = 0; tile < 4; ++tile) {
    for (size_t channel = 0; channel < 3; ++channel) {
      for (size_t i = 0; i < 4; ++i) {
        EXPECT_EQ(views.pixels[(3 * tile + channel) * 4 + i], 100 * channel + 10 * tile);
      }
    }
  }
}

TEST(Views, SplitsRgbOfAnyLength) {
  std::vector<uint8_t> rgb(3 * 67);
  for (size_t i = 0; i < rgb.size(); ++i) rgb[i] = static_cast<uint8_t>(7 * i + i / 3);
  for (size_t count = 0; count <= 67; ++count) {
    std::vector<uint8_t> planes(3 * 67, 255);
    split_rgb(rgb.data(), count, &planes[0], &planes[67], &planes[2 * 67]);
    for (size_t i = 0; i < 67; ++i) {
      for (size_t channel = 0; channel < 3; ++channel) {
        EXPECT_EQ(planes[67 * channel + i], i < count ? rgb[3 * i + channel] : 255);
      }
    }
  }
}

TEST(Views, NormalizesAnyRangeOfViews) {
  const Image image{3, 5, std::vector<uint8_t>(45, 200)};
  const Views views = make_views(image, settings(128, 64));
  const size_t size = 3 * 64 * 64;
  std::vector<float> all(static_cast<size_t>(views.count()) * size);
  std::vector<float> last(size);
  normalize_views(views, 0, views.count(), all.data());
  normalize_views(views, views.count() - 1, 1, last.data());
  EXPECT_TRUE(std::equal(last.begin(), last.end(), all.end() - static_cast<ptrdiff_t>(size)));
  EXPECT_EQ(normalize_table()[0], -1.0f);
  EXPECT_EQ(normalize_table()[255], 1.0f);
}

}  // namespace
}  // namespace recto
