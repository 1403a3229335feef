#include "curate/near_duplicates.h"

#include <algorithm>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <unordered_map>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/threads.h"
#include "curate/families.h"
#include "curate/hash_neighbours.h"
#include "curate/word_grams.h"

namespace recto {
namespace {

struct PageGrams {
  std::vector<uint64_t> grams;
  GramSketch sketch{};
};

/// The grams of pages asked for lately, in bounded memory.
class GramCache {
 public:
  explicit GramCache(const std::function<std::string(size_t)>& text) : text_(text) {}

  std::shared_ptr<const PageGrams> get(uint32_t page) {
    const auto known = pages_.find(page);
    if (known != pages_.end()) return known->second;
    auto entry = std::make_shared<PageGrams>();
    entry->grams = word_grams(text_(page));
    entry->sketch = sketch_of(entry->grams);
    const size_t bytes = entry->grams.capacity() * sizeof(uint64_t) + sizeof(PageGrams) + 64;
    if (bytes_ + bytes > kMaxBytes) {
      pages_.clear();
      bytes_ = 0;
    }
    bytes_ += bytes;
    pages_.emplace(page, entry);
    return entry;
  }

 private:
  static constexpr size_t kMaxBytes = size_t{256} << 20;

  const std::function<std::string(size_t)>& text_;
  std::unordered_map<uint32_t, std::shared_ptr<const PageGrams>> pages_;
  size_t bytes_ = 0;
};

/// Pages of one hash that are duplicates of each other for certain: those with few words, or
/// those with the same grams. Ascending; the first speaks for all.
struct Node {
  std::vector<uint32_t> pages;
  bool few = false;
};

/// The distinct hashes, ascending, and the pages of each: 20,000 pages that look the same are
/// compared with others once.
class Looks {
 public:
  explicit Looks(const NearDuplicatePages& pages) {
    const auto& hashes = pages.hashes;
    for (uint32_t i = 0; i < hashes.size(); ++i) {
      if (pages.blank[i] == 0) order_.push_back(i);
    }
    std::sort(order_.begin(), order_.end(), [&](uint32_t a, uint32_t b) {
      return hashes[a] != hashes[b] ? hashes[a] < hashes[b] : a < b;
    });
    for (size_t i = 0; i < order_.size(); ++i) {
      const PerceptualHash& hash = hashes[order_[i]];
      if (i > 0 && hash == hashes[order_[i - 1]]) continue;
      begins_.push_back(i);
      for (size_t k = 0; k < hash.size(); ++k) planes_[k].push_back(hash[k]);
    }
    begins_.push_back(order_.size());
  }

  size_t size() const { return begins_.size() - 1; }
  std::span<const uint32_t> pages(size_t look) const {
    return std::span(order_).subspan(begins_[look], begins_[look + 1] - begins_[look]);
  }
  HashPlanes planes() const {
    return {planes_[0].data(), planes_[1].data(), planes_[2].data(), planes_[3].data()};
  }
  PerceptualHash hash(size_t look) const {
    return {planes_[0][look], planes_[1][look], planes_[2][look], planes_[3][look]};
  }

 private:
  std::vector<uint32_t> order_;
  std::vector<size_t> begins_;
  std::array<std::vector<uint64_t>, 4> planes_;
};

struct LookPair {
  uint32_t row;
  HashNeighbour other;
};

/// Pairs (row, other), row < other, of the rows [begin, end) within `max_distance`, ascending.
std::vector<LookPair> near_looks(const Looks& looks, size_t begin, size_t end,
                                 uint32_t max_distance, int threads) {
  constexpr size_t kTile = 1024;  // hashes of 32 KiB: they stay in the first cache
  constexpr size_t kChunk = 8 * kTile;
  const HashPlanes planes = looks.planes();
  const FindNeighbours find = find_neighbours();
  std::vector<std::vector<LookPair>> found((looks.size() - begin + kChunk - 1) / kChunk);
  parallel_for(found.size(), threads, [&](size_t chunk) {
    std::vector<HashNeighbour> buffer(kTile);
    const size_t chunk_begin = begin + chunk * kChunk;
    const size_t chunk_end = std::min(looks.size(), chunk_begin + kChunk);
    for (size_t tile = chunk_begin; tile < chunk_end; tile += kTile) {
      const size_t tile_end = std::min(chunk_end, tile + kTile);
      for (size_t row = begin; row < end && row + 1 < tile_end; ++row) {
        const size_t count = find(planes, std::max(tile, row + 1), tile_end, looks.hash(row),
                                  max_distance, buffer.data());
        for (size_t i = 0; i < count; ++i) {
          found[chunk].push_back({static_cast<uint32_t>(row), buffer[i]});
        }
      }
    }
  });
  // They lie by tile, then row: sorted by row alone they are ascending.
  std::vector<size_t> next(end - begin + 1, 0);
  for (const auto& part : found) {
    for (const LookPair& pair : part) ++next[pair.row - begin + 1];
  }
  std::partial_sum(next.begin(), next.end(), next.begin());
  std::vector<LookPair> pairs(next.back());
  for (const auto& part : found) {
    for (const LookPair& pair : part) pairs[next[pair.row - begin]++] = pair;
  }
  return pairs;
}

class Search {
 public:
  Search(const NearDuplicatePages& pages, const NearDuplicateRule& rule)
      : pages_(pages),
        rule_(rule),
        grams_(pages.text),
        looks_(pages),
        nodes_(looks_.size()),
        groups_(pages.hashes.size()),
        remembered_(pages.hashes.size()) {}

  NearDuplicates run(int threads) {
    // Rows whose neighbours are held at a time: at worst all pages are near each.
    constexpr size_t kRows = 128;
    for (size_t begin = 0; begin < looks_.size(); begin += kRows) {
      throw_if_interrupted();
      const size_t end = std::min(looks_.size(), begin + kRows);
      const auto limit = static_cast<uint32_t>(rule_.max_distance);
      for (size_t look = begin; look < end; ++look) compare_within(look);
      for (const LookPair& pair : near_looks(looks_, begin, end, limit, threads)) {
        compare(pair.row, pair.other.index, static_cast<int>(pair.other.distance));
      }
    }
    std::sort(out_.pairs.begin(), out_.pairs.end(), [](const NearPair& a, const NearPair& b) {
      return std::pair(a.a, a.b) < std::pair(b.a, b.b);
    });
    name_groups();
    return std::move(out_);
  }

 private:
  const std::vector<Node>& nodes(size_t look) {
    std::optional<std::vector<Node>>& nodes = nodes_[look];
    if (nodes) return *nodes;
    nodes.emplace();
    const bool alone = looks_.pages(look).size() == 1;
    std::optional<size_t> few;
    std::map<std::vector<uint64_t>, size_t> by_grams;
    for (const uint32_t page : looks_.pages(look)) {
      const bool is_few = pages_.words[page] < rule_.few_words;
      size_t node = nodes->size();
      if (is_few) {
        node = few.value_or(node);
        few = node;
      } else if (!alone) {
        node = by_grams.emplace(grams_.get(page)->grams, node).first->second;
      }
      if (node == nodes->size()) nodes->push_back({{}, is_few});
      (*nodes)[node].pages.push_back(page);
    }
    return *nodes;
  }

  void compare_within(size_t look) {
    if (looks_.pages(look).size() == 1) return;
    const std::vector<Node>& all = nodes(look);
    for (size_t i = 0; i < all.size(); ++i) {
      const std::vector<uint32_t>& pages = all[i].pages;
      for (size_t k = 1; k < pages.size(); ++k) take(pages[0], pages[k], 0, true, 0);
      out_.duplicate_pairs += uint64_t{pages.size()} * (pages.size() - 1) / 2;
      throw_if_interrupted();
      for (size_t k = i + 1; k < all.size(); ++k) compare_nodes(all[i], all[k], 0);
    }
  }

  void compare(size_t look_a, size_t look_b, int distance) {
    for (const Node& a : nodes(look_a)) {
      for (const Node& b : nodes(look_b)) compare_nodes(a, b, distance);
    }
  }

  void compare_nodes(const Node& a, const Node& b, int distance) {
    const uint64_t pairs = uint64_t{a.pages.size()} * b.pages.size();
    if (a.few && b.few) {
      take(a.pages[0], b.pages[0], distance, true, pairs);
    } else if (a.few) {
      // Few words are no reason for duplicates here, so each text of them counts.
      for (const uint32_t page : a.pages) {
        compare_texts(page, b.pages[0], distance, b.pages.size());
      }
    } else if (b.few) {
      compare_nodes(b, a, distance);
    } else {
      compare_texts(a.pages[0], b.pages[0], distance, pairs);
    }
  }

  void compare_texts(uint32_t a, uint32_t b, int distance, uint64_t pairs) {
    const auto grams_a = grams_.get(a);
    const auto grams_b = grams_.get(b);
    const bool duplicate = may_reach(rule_.min_jaccard, grams_a->sketch, grams_a->grams.size(),
                                     grams_b->sketch, grams_b->grams.size()) &&
                           jaccard(grams_a->grams, grams_b->grams) >= rule_.min_jaccard;
    take(a, b, distance, duplicate, pairs);
  }

  /// Records that two pages, each for its node, are near, which makes `pairs` pairs of pages.
  void take(uint32_t a, uint32_t b, int distance, bool duplicate, uint64_t pairs) {
    if (duplicate) groups_.join(a, b);
    (duplicate ? out_.duplicate_pairs : out_.near_pairs) += pairs;
    if (remembered_[a] >= kMaxPairsPerPage || remembered_[b] >= kMaxPairsPerPage) return;
    ++remembered_[a];
    ++remembered_[b];
    const double shared = jaccard(grams_.get(a)->grams, grams_.get(b)->grams);
    out_.pairs.push_back({std::min(a, b), std::max(a, b), distance, shared, duplicate});
  }

  void name_groups() {
    const size_t count = pages_.hashes.size();
    std::vector<uint32_t> sizes(count, 0);
    for (size_t i = 0; i < count; ++i) ++sizes[groups_.root(i)];
    std::unordered_map<size_t, uint32_t> group_of_root;
    std::optional<uint32_t> blank;
    out_.group.assign(count, kNoGroup);
    for (size_t i = 0; i < count; ++i) {
      const auto next = static_cast<uint32_t>(out_.group_names.size());
      const bool is_blank = pages_.blank[i] != 0;
      if (!is_blank && sizes[groups_.root(i)] == 1) continue;
      if (is_blank && !blank) blank = next;
      const uint32_t group =
          is_blank ? *blank : group_of_root.emplace(groups_.root(i), next).first->second;
      if (group == next) out_.group_names.emplace_back();
      out_.group[i] = group;
      std::string& name = out_.group_names[group];
      std::string id = is_blank ? kBlankGroup : pages_.page_id(i);
      if (name.empty() || id < name) name = std::move(id);
    }
    for (std::string& name : out_.group_names) {
      if (name != kBlankGroup) name = near_group_name(name);
    }
  }

  const NearDuplicatePages& pages_;
  const NearDuplicateRule rule_;
  GramCache grams_;
  const Looks looks_;
  std::vector<std::optional<std::vector<Node>>> nodes_;
  UnionFind groups_;
  std::vector<uint32_t> remembered_;  // pairs, per page
  NearDuplicates out_;
};

}  // namespace

NearDuplicates find_near_duplicates(const NearDuplicatePages& pages, int threads,
                                    const NearDuplicateRule& rule) {
  const size_t count = pages.hashes.size();
  RECTO_CHECK(pages.words.size() == count && pages.blank.size() == count && count < kNoGroup);
  RECTO_CHECK(rule.max_distance >= 0 && rule.max_distance <= 256);
  return Search(pages, rule).run(threads);
}

bool are_near(const PerceptualHash& a, const PerceptualHash& b, const NearDuplicateRule& rule) {
  return hamming_distance(a, b) <= rule.max_distance;
}

}  // namespace recto
