#include "page/fit.h"

#include <algorithm>
#include <cstdint>

#include "page/resize.h"

namespace recto {

Image fit(Image image, int longest_edge) {
  const int longest = std::max(image.width, image.height);
  if (longest <= longest_edge) return image;
  const auto scaled = [&](int side) {
    const int64_t exact = (int64_t{side} * longest_edge * 2 + longest) / (2 * int64_t{longest});
    return std::max(1, static_cast<int>(exact));
  };
  return resize(image, scaled(image.width), scaled(image.height));
}

}  // namespace recto
