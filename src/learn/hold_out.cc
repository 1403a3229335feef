#include "learn/hold_out.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/random.h"

namespace recto {
namespace {

constexpr uint64_t kHoldOutStream = 0x686f6c64;  // "hold"
constexpr size_t kFamiliesPerHeldOut = 10;
// Of a family with more of the queries too much would be lost to the training.
constexpr double kLargestShare = 0.2;

struct Family {
  std::vector<std::string> documents;
  size_t queries = 0;
};

std::map<std::string, Family> families_of(const Dataset& dataset, const TrainingData& train) {
  std::map<std::string, size_t> queries;
  for (const TrainingData::Query& query : train.queries) {
    ++queries[train.pages[query.positives.front()].document_id];
  }
  std::map<std::string, Family> families;
  for (const DocumentRow& row : dataset.documents("train")) {
    Family& family = families[row.family.empty() ? row.document_id : row.family];
    family.documents.push_back(row.document_id);
    family.queries += queries[row.document_id];
  }
  return families;
}

/// As many as a tenth of all families: the first in a random order that have queries and are not
/// too large, or else the smallest that has any.
std::vector<Family> chosen_families(const std::map<std::string, Family>& families, size_t queries,
                                    uint64_t seed) {
  std::vector<Family> order;
  for (const auto& [name, family] : families) order.push_back(family);
  Random(seed, kHoldOutStream).shuffle(order);
  const size_t wanted = std::max<size_t>(1, order.size() / kFamiliesPerHeldOut);
  std::erase_if(order, [](const Family& family) { return family.queries == 0; });
  std::vector<Family> chosen;
  for (const Family& family : order) {
    const double share = static_cast<double>(family.queries) / static_cast<double>(queries);
    if (share <= kLargestShare && chosen.size() < wanted) chosen.push_back(family);
  }
  if (!chosen.empty() || order.empty()) return chosen;
  return {*std::min_element(order.begin(), order.end(), [](const Family& a, const Family& b) {
    return a.queries < b.queries;
  })};
}

/// Documents of the families that are held out.
std::set<std::string> held_out_documents(const Dataset& dataset, const TrainingData& train,
                                         uint64_t seed) {
  const std::map<std::string, Family> families = families_of(dataset, train);
  if (families.size() < 2) return {};
  std::set<std::string> documents;
  for (const Family& family : chosen_families(families, train.queries.size(), seed)) {
    documents.insert(family.documents.begin(), family.documents.end());
  }
  return documents;
}

/// `count` of `items`, evenly spread over them.
std::vector<size_t> spread(const std::vector<size_t>& items, size_t count) {
  std::vector<size_t> chosen;
  for (size_t i = 0; i < count; ++i) chosen.push_back(items[i * items.size() / count]);
  return chosen;
}

/// The pages that answer `queries`, and others of their documents up to `most` in all, sorted.
std::vector<size_t> pool_of(const TrainingData& data, const std::vector<size_t>& queries,
                            size_t most) {
  std::set<size_t> pool;
  std::set<std::string> documents;
  for (const size_t q : queries) {
    for (const size_t page : data.queries[q].positives) {
      pool.insert(page);
      documents.insert(data.pages[page].document_id);
    }
  }
  std::vector<size_t> others;
  for (size_t page = 0; page < data.pages.size(); ++page) {
    if (documents.count(data.pages[page].document_id) != 0 && pool.count(page) == 0) {
      others.push_back(page);
    }
  }
  const size_t room = most > pool.size() ? most - pool.size() : 0;
  for (const size_t page : spread(others, std::min(room, others.size()))) pool.insert(page);
  return {pool.begin(), pool.end()};
}

/// Keeps the pages whose document is among `documents`, or is not, and those that answer a query.
void keep_documents(TrainingData& data, const std::set<std::string>& documents, bool among) {
  std::vector<bool> keep(data.pages.size());
  for (size_t page = 0; page < data.pages.size(); ++page) {
    keep[page] = (documents.count(data.pages[page].document_id) != 0) == among;
  }
  for (const TrainingData::Pair& pair : data.pairs) keep[pair.page] = true;
  keep_pages(data, keep);
}

}  // namespace

TrainingData hold_out(const Dataset& dataset, TrainingData& train, uint64_t seed) {
  const std::vector<std::string> splits = dataset.splits();
  if (std::find(splits.begin(), splits.end(), "validation") != splits.end()) {
    return load_training_data(dataset, "validation");
  }
  const std::set<std::string> documents = held_out_documents(dataset, train, seed);
  if (documents.empty()) return {};
  std::vector<bool> held_pages;
  for (const TrainingData::Page& page : train.pages) {
    held_pages.push_back(documents.count(page.document_id) != 0);
  }
  const auto is_held = [&](const TrainingData::Query& query) {
    return held_pages[query.positives.front()];
  };
  TrainingData held = train;
  keep_queries(held, is_held);
  keep_queries(train, [&](const TrainingData::Query& query) { return !is_held(query); });
  if (held.pairs.empty() || train.pairs.empty()) {
    fail(ErrorCode::kBadInput,
         "{}: too few documents have queries to hold some of them out; add a validation split, or "
         "train with --eval-queries 0",
         dataset.path().string());
  }
  keep_documents(held, documents, /*among=*/true);
  keep_documents(train, documents, /*among=*/false);
  return held;
}

TrainingData limit_queries(const TrainingData& data, size_t most) {
  std::vector<size_t> all(data.queries.size());
  std::iota(all.begin(), all.end(), size_t{0});
  const std::vector<size_t> chosen = spread(all, std::min(most, all.size()));
  TrainingData part;
  part.sources = data.sources;
  std::map<size_t, size_t> place;
  for (const size_t page : pool_of(data, chosen, 2 * most)) {
    place[page] = part.pages.size();
    part.pages.push_back(data.pages[page]);
  }
  for (const size_t q : chosen) {
    TrainingData::Query query = data.queries[q];
    for (size_t& page : query.positives) page = place.at(page);
    query.negatives.clear();
    part.queries.push_back(std::move(query));
  }
  keep_queries(part, [](const TrainingData::Query&) { return true; });
  return part;
}

}  // namespace recto
