#pragma once
// resize() with a chosen inner loop, so that tests hold the instruction sets against each other.

#include "page/resample_kernels.h"
#include "page/resize.h"

namespace recto {

Image resize_with(const Image& image, int width, int height, Filter filter, ResampleOrder order,
                  WeightedSum sum);

}  // namespace recto
