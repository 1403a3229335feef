#include "model/planes.h"

#include "base/cpu.h"

namespace recto {

void split_rgb(const uint8_t* rgb, size_t count, uint8_t* red, uint8_t* green, uint8_t* blue) {
  static const bool has_avx2 = cpu_features().avx2;
  const size_t fast = has_avx2 ? count / 16 * 16 : 0;
  if (fast > 0) split_rgb_avx2(rgb, fast, red, green, blue);
  for (size_t i = fast; i < count; ++i) {
    red[i] = rgb[3 * i];
    green[i] = rgb[3 * i + 1];
    blue[i] = rgb[3 * i + 2];
  }
}

}  // namespace recto
