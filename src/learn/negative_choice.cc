#include "learn/negative_choice.h"

#include <algorithm>

#include "base/random.h"

namespace recto {
namespace {

constexpr uint64_t kStream = 0x6e656761;  // "nega"

/// `count` of `list` in their order, each as likely. [Knuth, "Seminumerical Algorithms", 3.4.2 S]
std::vector<size_t> sample(const std::vector<size_t>& list, size_t count, Random random) {
  std::vector<size_t> chosen;
  for (size_t i = 0; i < list.size() && chosen.size() < count; ++i) {
    const size_t wanted = count - chosen.size();
    if (random.below(list.size() - i) < wanted) chosen.push_back(list[i]);
  }
  return chosen;
}

}  // namespace

NegativeLists negatives_of(const TrainingData& data) {
  NegativeLists lists;
  lists.reserve(data.queries.size());
  for (const TrainingData::Query& query : data.queries) lists.push_back(query.negatives);
  return lists;
}

NegativeLists choose_negatives(const TrainingData& data, const NegativeLists& negatives,
                               const std::vector<size_t>& pairs, const NegativeChoice& choice,
                               int64_t step) {
  const uint64_t seed =
      Random(Random(choice.seed, kStream).next(), static_cast<uint64_t>(step)).next();
  NegativeLists chosen;
  for (size_t i = 0; i < pairs.size(); ++i) {
    std::vector<size_t> list = negatives[data.pairs[pairs[i]].query];
    const size_t count = std::min(list.size(), static_cast<size_t>(choice.most));
    if (choice.sampled) {
      list = sample(list, count, Random(seed, i));
    } else {
      list.resize(count);
    }
    chosen.push_back(std::move(list));
  }
  return chosen;
}

}  // namespace recto
