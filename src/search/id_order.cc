#include "search/id_order.h"

#include <algorithm>
#include <numeric>

namespace recto {

std::vector<int32_t> descending_places(std::span<const std::string> ids) {
  std::vector<int32_t> order(ids.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](int32_t a, int32_t b) { return ids[a] > ids[b]; });
  std::vector<int32_t> places(ids.size());
  for (size_t i = 0; i < order.size(); ++i) places[order[i]] = static_cast<int32_t>(i);
  return places;
}

void keep_best(std::vector<Neighbour>& found, int64_t k, std::span<const int32_t> places) {
  const auto kept = std::clamp<int64_t>(k, 0, std::ssize(found));
  std::partial_sort(found.begin(), found.begin() + kept, found.end(),
                    [&](const Neighbour& a, const Neighbour& b) {
                      if (a.score != b.score) return a.score > b.score;
                      return places[a.row] < places[b.row];
                    });
  found.resize(static_cast<size_t>(kept));
}

}  // namespace recto
