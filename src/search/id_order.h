#pragma once
// The order of rows whose scores are equal: by descending id (UTF-8 bytes).

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "search/exact.h"

namespace recto {

/// The place of each row among all when they are sorted by descending id.
std::vector<int32_t> descending_places(std::span<const std::string> ids);

/// Keeps the k best of `found`, best first; of equal scores the one of the smaller place.
void keep_best(std::vector<Neighbour>& found, int64_t k, std::span<const int32_t> places);

}  // namespace recto
