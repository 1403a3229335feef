#include "page/degrade.h"

#include <algorithm>
#include <cmath>

#include "base/file.h"
#include "page/decode.h"
#include "page/draw_choice.h"
#include "page/encode.h"
#include "page/resize.h"

namespace recto {
namespace {

Image compressed(const Image& image, Random& random) {
  const int quality = 25 + static_cast<int>(random.below(56));
  return decode_image(as_bytes(encode_jpeg(image, quality)), "a tile");
}

Image blurred(const Image& image, Random& random) {
  return with_detail(image, draw_between(random, 0.6, 0.9));
}

Image noisy(Image image, Random& random) {
  const double deviation = draw_between(random, 3, 18);
  for (size_t i = 0; i + 2 < image.rgb.size(); i += 3) {
    const int noise = pixel_noise(random, deviation);
    for (size_t c = i; c < i + 3; ++c) {
      image.rgb[c] = static_cast<uint8_t>(std::clamp(image.rgb[c] + noise, 0, 255));
    }
  }
  return image;
}

Image faded(Image image, Random& random) {
  const double ink = draw_between(random, 0, 90), paper = draw_between(random, 190, 255);
  for (uint8_t& value : image.rgb) {
    value = static_cast<uint8_t>(std::lround(ink + (paper - ink) * value / 255));
  }
  return image;
}

Image once(const Image& image, Random& random) {
  switch (random.below(4)) {
    case 0:
      return compressed(image, random);
    case 1:
      return blurred(image, random);
    case 2:
      return noisy(image, random);
    default:
      return faded(image, random);
  }
}

}  // namespace

Image with_detail(const Image& image, double share) {
  const auto side = [&](int pixels) {
    return std::max(1, static_cast<int>(std::lround(pixels * share)));
  };
  const Image small = resize(image, side(image.width), side(image.height), Filter::kBilinear);
  return resize(small, image.width, image.height, Filter::kBicubic);
}

int pixel_noise(Random& random, double deviation) {
  const uint64_t bits = random.next();
  int sum = 0;
  for (int i = 0; i < 4; ++i) sum += static_cast<int>(bits >> (8 * i) & 0xFF);
  return static_cast<int>(std::lround((sum - 510) / 148.0 * deviation));
}

Image degraded(const Image& image, Random& random) {
  const bool twice = random.below(3) == 0;
  const Image first = once(image, random);
  return twice ? once(first, random) : first;
}

}  // namespace recto
