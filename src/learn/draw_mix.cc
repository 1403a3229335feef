#include "learn/draw_mix.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <utility>

namespace recto {
namespace {

std::string first_part(const std::string& tag) {
  std::string part = tag.substr(0, tag.find_first_of("-_"));
  for (char& c : part) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return part;
}

}  // namespace

std::vector<MixGroup> mix_groups(const TrainingData& data, std::optional<double> balance) {
  std::map<std::pair<size_t, std::string>, std::vector<size_t>> pairs;
  for (size_t i = 0; i < data.pairs.size(); ++i) {
    const TrainingData::Query& query = data.queries[data.pairs[i].query];
    pairs[{query.source, first_part(query.language)}].push_back(i);
  }
  std::vector<MixGroup> groups;
  double sum = 0;
  for (auto& [name, members] : pairs) {
    const double count = static_cast<double>(members.size());
    const double weight = data.sources.empty() ? 1 : data.sources[name.first].weight;
    const double share = balance ? weight * std::pow(count, *balance) : count;
    groups.push_back({name.first, name.second, std::move(members), share});
    sum += share;
  }
  for (MixGroup& group : groups) group.share /= sum;
  return groups;
}

Apportionment::Apportionment(std::vector<double> shares)
    : shares_(std::move(shares)), credit_(shares_.size()) {
  const double sum = std::accumulate(shares_.begin(), shares_.end(), 0.0);
  for (double& share : shares_) share /= sum;
}

std::vector<size_t> Apportionment::next(size_t total) {
  std::vector<size_t> given(shares_.size());
  size_t sum = 0;
  for (size_t g = 0; g < shares_.size(); ++g) {
    credit_[g] += shares_[g] * static_cast<double>(total);
    given[g] = static_cast<size_t>(std::max(0.0, std::floor(credit_[g])));
    sum += given[g];
  }
  const auto owed = [&](size_t g) { return credit_[g] - static_cast<double>(given[g]); };
  for (; sum < total; ++sum) {
    size_t most = 0;
    for (size_t g = 1; g < given.size(); ++g) most = owed(g) > owed(most) ? g : most;
    ++given[most];
  }
  for (; sum > total; --sum) {
    size_t least = given.size();
    for (size_t g = 0; g < given.size(); ++g) {
      if (given[g] > 0 && (least == given.size() || owed(g) < owed(least))) least = g;
    }
    --given[least];
  }
  for (size_t g = 0; g < shares_.size(); ++g) credit_[g] = owed(g);
  return given;
}

}  // namespace recto
