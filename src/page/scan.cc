#include "page/scan.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "base/error.h"
#include "base/sha256.h"
#include "page/degrade.h"
#include "page/draw_choice.h"

namespace recto {
namespace {

constexpr uint8_t kLid = 232;  // of the scanner, before light and tone
constexpr int kPlaceBits = 16;
constexpr int kLightBits = 16;

double radians(double degrees) { return degrees * std::numbers::pi / 180; }

int64_t fixed(double value, int bits) { return std::llround(std::ldexp(value, bits)); }

/// Bilinear samples of an image, at places in 1/65536 of a pixel.
class Sampler {
 public:
  explicit Sampler(const Image& image) : image_(image) {}

  void sample(int64_t x, int64_t y, uint8_t* out) const {
    const int64_t left = x >> kPlaceBits, top = y >> kPlaceBits;
    const int right_share = static_cast<int>(x >> (kPlaceBits - 8) & 0xFF);
    const int lower_share = static_cast<int>(y >> (kPlaceBits - 8) & 0xFF);
    const uint8_t* corners[4] = {pixel(left, top), pixel(left + 1, top), pixel(left, top + 1),
                                 pixel(left + 1, top + 1)};
    for (int c = 0; c < 3; ++c) {
      const int upper = corners[0][c] * (256 - right_share) + corners[1][c] * right_share;
      const int lower = corners[2][c] * (256 - right_share) + corners[3][c] * right_share;
      out[c] = static_cast<uint8_t>(
          (upper * (256 - lower_share) + lower * lower_share + (1 << 15)) >> 16);
    }
  }

 private:
  const uint8_t* pixel(int64_t x, int64_t y) const {
    static constexpr uint8_t kOutside[3] = {kLid, kLid, kLid};
    const bool inside = x >= 0 && y >= 0 && x < image_.width && y < image_.height;
    return inside ? &image_.rgb[static_cast<size_t>(y * image_.width + x) * 3] : kOutside;
  }

  const Image& image_;
};

/// The page as it lies on the glass.
Image laid(const Image& image, const ScanLook& look) {
  const double cosine = std::cos(radians(look.skew_degrees));
  const double sine = std::sin(radians(look.skew_degrees));
  const double middle_x = (image.width - 1) / 2.0, middle_y = (image.height - 1) / 2.0;
  const double from_x = middle_x + look.shift_x * image.width;
  const double from_y = middle_y + look.shift_y * image.height;
  const int64_t step_x = fixed(cosine, kPlaceBits), step_y = fixed(-sine, kPlaceBits);
  const Sampler sampler(image);
  Image out{image.width, image.height, std::vector<uint8_t>(image.rgb.size())};
  uint8_t* pixel = out.rgb.data();
  for (int y = 0; y < image.height; ++y) {
    const double down = y - from_y;
    int64_t x_in = fixed(middle_x - from_x * cosine + down * sine, kPlaceBits);
    int64_t y_in = fixed(middle_y + from_x * sine + down * cosine, kPlaceBits);
    for (int x = 0; x < image.width; ++x, pixel += 3, x_in += step_x, y_in += step_y) {
      sampler.sample(x_in, y_in, pixel);
    }
  }
  return out;
}

/// What each value of a channel has become on faded paper.
std::array<int, 256> tone(double ink, double paper) {
  std::array<int, 256> values{};
  for (int i = 0; i < 256; ++i) {
    values[i] = static_cast<int>(std::lround(ink + (paper - ink) * i / 255));
  }
  return values;
}

/// Tone, light and noise of each pixel, in place.
void expose(Image& image, const ScanLook& look, Random& noise) {
  const std::array<int, 256> plain = tone(look.ink, look.paper);
  const std::array<int, 256> blue = tone(look.ink, look.paper - look.yellow);
  const double across = std::cos(radians(look.light_degrees));
  const double down = std::sin(radians(look.light_degrees));
  const double reach =
      std::abs(across) + std::abs(down);  // from the darkest corner to the lightest
  const double loss_x = look.light_loss * across / reach / std::max(1, image.width - 1);
  const double loss_y = look.light_loss * down / reach / std::max(1, image.height - 1);
  const double darkest = std::min(0.0, across) + std::min(0.0, down);
  const int64_t step = fixed(loss_x, 2 * kLightBits);
  uint8_t* pixel = image.rgb.data();
  for (int y = 0; y < image.height; ++y) {
    const double first = 1 - look.light_loss - look.light_loss * darkest / reach + loss_y * y;
    int64_t light = fixed(first, 2 * kLightBits);
    for (int x = 0; x < image.width; ++x, pixel += 3, light += step) {
      const int64_t factor = light >> kLightBits;
      const int grain = pixel_noise(noise, look.noise);
      for (int c = 0; c < 3; ++c) {
        const int value = (c == 2 ? blue : plain)[pixel[c]];
        const auto lit = static_cast<int>(value * factor >> kLightBits);
        pixel[c] = static_cast<uint8_t>(std::clamp(lit + grain, 0, 255));
      }
    }
  }
}

}  // namespace

ScanLook draw_scan_look(Random& random) {
  ScanLook look;
  look.skew_degrees = draw_between(random, -kMostSkew, kMostSkew);
  look.shift_x = draw_between(random, -0.012, 0.012);
  look.shift_y = draw_between(random, -0.012, 0.012);
  look.detail = draw_between(random, 0.7, 0.95);
  look.noise = draw_between(random, 2, 7);
  look.ink = draw_between(random, 10, 75);
  look.paper = draw_between(random, 222, 252);
  look.yellow = draw_between(random, 0, 12);
  look.light_degrees = draw_between(random, 0, 360);
  look.light_loss = draw_between(random, 0.02, 0.14);
  return look;
}

Random scan_random(uint64_t seed, std::string_view page_id) {
  return Random(seed, std::stoull(sha256_hex(page_id).substr(0, 16), nullptr, 16));
}

Image scanned(const Image& image, const ScanLook& look, Random& noise) {
  RECTO_CHECK(image.width >= 1 && image.height >= 1);
  Image out = with_detail(laid(image, look), look.detail);
  expose(out, look, noise);
  return out;
}

}  // namespace recto
