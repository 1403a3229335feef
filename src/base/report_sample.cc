#include <algorithm>
#include <map>

#include "base/random.h"
#include "base/report_parts.h"

namespace recto {

std::vector<size_t> report_sample(const std::vector<std::string>& strata, size_t wanted,
                                  uint64_t seed) {
  std::map<std::string, std::vector<size_t>> members;
  for (size_t i = 0; i < strata.size(); ++i) members[strata[i]].push_back(i);
  uint64_t stream = 0;
  for (auto& [name, places] : members) Random(seed, stream++).shuffle(places);
  std::vector<size_t> sample;
  for (size_t turn = 0; sample.size() < std::min(wanted, strata.size()); ++turn) {
    for (const auto& [name, places] : members) {
      if (turn < places.size() && sample.size() < wanted) sample.push_back(places[turn]);
    }
  }
  return sample;
}

}  // namespace recto
