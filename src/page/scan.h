#pragma once
// What a page looks like that was printed and scanned in an office.

#include <string_view>

#include "base/random.h"
#include "page/image.h"

namespace recto {

/// How one page lay on the scanner, and what the scanner made of it.
struct ScanLook {
  double skew_degrees = 0;  ///< clockwise
  double shift_x = 0;       ///< to the right, a share of the page's width
  double shift_y = 0;       ///< downwards, a share of its height
  double detail = 1;   ///< share of the resolution that is left (with_detail(), page/degrade.h)
  double noise = 0;    ///< standard deviation of a pixel, in steps of 255
  double ink = 0;      ///< what black has become, 0..255
  double paper = 255;  ///< what white has become, 0..255
  double yellow = 0;   ///< so much less has blue of the paper, in steps of 255
  double light_degrees = 0;  ///< where the light comes from, 0 is the right, 90 the lower edge
  double light_loss = 0;     ///< share of the brightness that is missing at the far edge
};

/// Pages lie askew by at most so many degrees.
inline constexpr double kMostSkew = 1.5;

/// What befalls a page, drawn.
ScanLook draw_scan_look(Random& random);

/// Random numbers for the page of that id: the same for the same seed, whatever comes before it.
Random scan_random(uint64_t seed, std::string_view page_id);

/// `image` as `look` says, in its own size: rotated about its middle and shifted, what is then
/// uncovered shows the scanner's lid. Both sides must be >= 1. JPEG is left to the caller.
Image scanned(const Image& image, const ScanLook& look, Random& noise);

}  // namespace recto
