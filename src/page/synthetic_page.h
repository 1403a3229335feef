#pragma once
// One page drawn at random: its size, its colours, its layout, its letters.

#include <vector>

#include "base/random.h"
#include "page/page_flow.h"

namespace recto {

/// Draws a page of `material`, appends it to its writer and says which words stand where, in the
/// order in which they were written. `number` is printed at the foot or head of many pages.
std::vector<Word> add_synthetic_page(PageMaterial& material, int number, Random& random);

}  // namespace recto
