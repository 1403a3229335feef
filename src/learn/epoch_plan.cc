#include "learn/epoch_plan.h"

#include <algorithm>
#include <deque>
#include <numeric>
#include <string>
#include <unordered_map>

#include "data/query_text.h"

namespace recto {
namespace {

constexpr uint32_t kFree = UINT32_MAX;  // a key that nothing shares
/// Items that were put off and are looked at again for each batch, in batches.
constexpr size_t kLookBack = 8;
/// Comparisons spent on exchanging items that found no batch.
constexpr int64_t kMostComparisons = 200'000'000;
constexpr int kMostAttempts = 6;

template <typename Key>
uint32_t number_of(std::unordered_map<Key, uint32_t>& numbers, const Key& key) {
  return numbers.emplace(key, static_cast<uint32_t>(numbers.size())).first->second;
}

using KeyOf = uint32_t PairKeys::*;

/// Batches of places in `items`.
class Planner {
 public:
  Planner(const std::vector<size_t>& items, std::span<const PairKeys> keys, size_t batch_size,
          Random& random)
      : items_(items),
        size_(batch_size),
        count_((items.size() + batch_size - 1) / batch_size),
        random_(random),
        batches_(count_) {
    for (const size_t pair : items) keys_.push_back(keys[pair]);
    uint32_t most = 0;
    for (const PairKeys& key : keys_) most = std::max({most, key.document, key.query});
    key_count_ = size_t{most} + 1;
  }

  /// Items that found no batch without a rival although there may be one.
  size_t misplaced() const { return misplaced_; }

  std::vector<std::vector<size_t>> plan() {
    const std::vector<PairKeys> keys = keys_;
    const std::vector<size_t> order = spread_order();
    for (const KeyOf key : {&PairKeys::document, &PairKeys::query}) free_surplus(key, order);
    for (const size_t item : fill(order)) place_leftover(item);
    keys_ = keys;  // what is added has its own keys
    for (std::vector<size_t>& batch : batches_) top_up(batch);
    for (std::vector<size_t>& batch : batches_) {
      for (size_t& item : batch) item = items_[item];
    }
    return std::move(batches_);
  }

 private:
  std::vector<uint32_t> frequencies(KeyOf key) const {
    std::vector<uint32_t> counts(key_count_);
    for (const PairKeys& keys : keys_) ++counts[keys.*key];
    return counts;
  }

  /// All items in a random order in which those of one key are evenly apart.
  std::vector<size_t> spread_order() {
    const std::vector<uint32_t> documents = frequencies(&PairKeys::document);
    const std::vector<uint32_t> queries = frequencies(&PairKeys::query);
    // Each item goes with the key of its two that more items have.
    std::vector<std::vector<size_t>> of_document(key_count_), of_query(key_count_);
    for (size_t i = 0; i < keys_.size(); ++i) {
      const PairKeys& key = keys_[i];
      const bool by_query = queries[key.query] > documents[key.document];
      (by_query ? of_query[key.query] : of_document[key.document]).push_back(i);
    }
    std::vector<double> position(keys_.size());
    for (auto* groups : {&of_document, &of_query}) {
      for (std::vector<size_t>& group : *groups) {
        if (group.empty()) continue;
        random_.shuffle(group);
        const double start = random_.uniform();
        for (size_t i = 0; i < group.size(); ++i) {
          position[group[i]] = (static_cast<double>(i) + start) / static_cast<double>(group.size());
        }
      }
    }
    std::vector<size_t> order(keys_.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return position[a] < position[b]; });
    return order;
  }

  /// Where a key has more items than there are batches, one a batch keeps it, evenly over `order`;
  /// the others cannot be helped and may stand anywhere.
  void free_surplus(KeyOf key, const std::vector<size_t>& order) {
    const std::vector<uint32_t> counts = frequencies(key);
    std::vector<uint64_t> seen(key_count_);
    for (const size_t item : order) {
      const uint32_t value = keys_[item].*key;
      const uint64_t all = counts[value], before = seen[value]++;
      if (all > count_ && before * count_ / all == (before + 1) * count_ / all) {
        keys_[item].*key = kFree;
      }
    }
  }

  /// Fills batch by batch in `order`; an item that does not fit is put off to a later one. Gives
  /// those that are left.
  std::deque<size_t> fill(const std::vector<size_t>& order) {
    std::vector<size_t> documents(key_count_, kNever), queries(key_count_, kNever);
    std::deque<size_t> put_off;
    size_t next = 0;
    for (size_t b = 0; b < count_; ++b) {
      const auto take = [&](size_t item) {
        const PairKeys& key = keys_[item];
        if (key.document != kFree && documents[key.document] == b) return false;
        if (key.query != kFree && queries[key.query] == b) return false;
        if (key.document != kFree) documents[key.document] = b;
        if (key.query != kFree) queries[key.query] = b;
        batches_[b].push_back(item);
        return true;
      };
      const size_t look = std::min(put_off.size(), kLookBack * size_);
      for (size_t i = 0, at = 0; i < look && batches_[b].size() < size_; ++i) {
        const auto found = put_off.begin() + static_cast<std::ptrdiff_t>(at);
        if (take(*found)) {
          put_off.erase(found);
        } else {
          ++at;
        }
      }
      for (; next < order.size() && batches_[b].size() < size_; ++next) {
        if (!take(order[next])) put_off.push_back(order[next]);
      }
    }
    put_off.insert(put_off.end(), order.begin() + static_cast<std::ptrdiff_t>(next), order.end());
    return put_off;
  }

  bool tells_against(size_t a, size_t b) const {
    const PairKeys &x = keys_[a], &y = keys_[b];
    return (x.document == y.document && x.document != kFree) ||
           (x.query == y.query && x.query != kFree);
  }

  /// How many of the batch tell against `item`, and the place of the last of them.
  std::pair<size_t, size_t> against(const std::vector<size_t>& batch, size_t item) {
    comparisons_ += std::ssize(batch);
    std::pair<size_t, size_t> found{0, 0};
    for (size_t i = 0; i < batch.size(); ++i) {
      if (tells_against(batch[i], item)) found = {found.first + 1, i};
    }
    return found;
  }
  bool fits(const std::vector<size_t>& batch, size_t item) {
    return against(batch, item).first == 0;
  }

  void place_leftover(size_t item) {
    std::vector<size_t> room;
    for (size_t b = count_; b-- > 0;) {
      if (batches_[b].size() < size_) room.push_back(b);
    }
    for (const size_t b : room) {
      if (fits(batches_[b], item)) return batches_[b].push_back(item);
    }
    for (const size_t b : room) {
      if (exchange(item, batches_[b])) return;
    }
    batches_[room.front()].push_back(item);
    ++misplaced_;
  }

  /// Puts `item` into a batch in exchange for one that fits into `other`.
  bool exchange(size_t item, std::vector<size_t>& other) {
    const size_t start = random_.below(count_);
    for (size_t i = 0; i < count_ && comparisons_ < kMostComparisons; ++i) {
      std::vector<size_t>& batch = batches_[(start + i) % count_];
      if (&batch == &other) continue;
      const auto [rivals, rival] = against(batch, item);
      if (rivals > 1) continue;
      for (size_t k = 0; k < batch.size(); ++k) {
        if ((rivals == 1 && k != rival) || !fits(other, batch[k])) continue;
        other.push_back(batch[k]);
        batch[k] = item;
        return true;
      }
    }
    return false;
  }

  void top_up(std::vector<size_t>& batch) {
    if (batch.size() >= size_) return;
    std::vector<size_t> order(keys_.size());
    std::iota(order.begin(), order.end(), size_t{0});
    random_.shuffle(order);
    for (size_t i = 0; i < order.size() && batch.size() < size_; ++i) {
      if (fits(batch, order[i])) batch.push_back(order[i]);
    }
    const auto has = [&](size_t item) {
      return std::any_of(batch.begin(), batch.end(),
                         [&](size_t other) { return items_[other] == items_[item]; });
    };
    for (size_t i = 0; i < order.size() && batch.size() < size_; ++i) {
      if (!has(order[i])) batch.push_back(order[i]);
    }
  }

  static constexpr size_t kNever = SIZE_MAX;

  const std::vector<size_t>& items_;
  size_t size_;
  size_t count_;  // of batches
  Random& random_;
  std::vector<PairKeys> keys_;  // of each item
  size_t key_count_ = 0;
  std::vector<std::vector<size_t>> batches_;
  int64_t comparisons_ = 0;
  size_t misplaced_ = 0;
};

}  // namespace

std::vector<PairKeys> pair_keys(const TrainingData& data) {
  std::unordered_map<std::string, uint32_t> documents, queries;
  std::vector<uint32_t> of_page, of_query;
  for (const TrainingData::Page& page : data.pages) {
    const std::string name = page.near_group.empty() ? "\n" + page.key() : page.near_group;
    of_page.push_back(number_of(documents, name));
  }
  for (const TrainingData::Query& query : data.queries) {
    of_query.push_back(number_of(queries, plain_query(query.text)));
  }
  std::vector<PairKeys> keys;
  keys.reserve(data.pairs.size());
  for (const TrainingData::Pair& pair : data.pairs) {
    keys.push_back({of_page[pair.page], of_query[pair.query]});
  }
  return keys;
}

std::vector<std::vector<size_t>> plan_batches(const std::vector<size_t>& items,
                                              std::span<const PairKeys> keys, size_t batch_size,
                                              Random& random) {
  if (items.empty()) return {};
  std::vector<std::vector<size_t>> best;
  size_t misplaced = SIZE_MAX;
  for (int attempt = 0; attempt < kMostAttempts && misplaced > 0; ++attempt) {
    Planner planner(items, keys, batch_size, random);
    std::vector<std::vector<size_t>> batches = planner.plan();
    if (planner.misplaced() >= misplaced) continue;
    misplaced = planner.misplaced();
    best = std::move(batches);
  }
  return best;
}

size_t count_shared(const std::vector<std::vector<size_t>>& batches,
                    std::span<const PairKeys> keys) {
  std::unordered_map<uint32_t, size_t> documents, queries;  // the batch a key was last seen in
  size_t shared = 0;
  for (size_t b = 0; b < batches.size(); ++b) {
    for (const size_t pair : batches[b]) {
      const auto is_known = [b](std::unordered_map<uint32_t, size_t>& last, uint32_t key) {
        const auto [found, is_new] = last.emplace(key, b);
        return !is_new && std::exchange(found->second, b) == b;
      };
      const bool document = is_known(documents, keys[pair].document);
      const bool query = is_known(queries, keys[pair].query);
      shared += document || query ? 1 : 0;
    }
  }
  return shared;
}

}  // namespace recto
