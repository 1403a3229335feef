#include "learn/training_data.h"

#include <algorithm>
#include <functional>
#include <map>
#include <numeric>
#include <set>
#include <unordered_map>

#include "base/error.h"
#include "base/random.h"

namespace recto {
namespace {

using Places = std::unordered_map<std::string, size_t>;

constexpr uint64_t kHoldOutStream = 0x686f6c64;  // "hold"
constexpr size_t kFamiliesPerHeldOut = 10;

size_t place_of(const Places& places, const std::string& id, const std::string& split,
                const char* table, const char* what) {
  const auto found = places.find(id);
  if (found == places.end()) {
    fail(ErrorCode::kBadInput, "{}/{}: the {} \"{}\" is not in the dataset's {} split", table,
         split, what, id, split);
  }
  return found->second;
}

bool is_blank(const std::string& text) {
  return text.find_first_not_of(" \t\r\n\f\v") == std::string::npos;
}

void read_pages(const Dataset& dataset, const std::string& split, TrainingData& data,
                Places& places) {
  for (const PageRow& row : dataset.pages(split)) {
    places.emplace(row.page_id, data.pages.size());
    data.pages.push_back(
        {row.page_id, split, row.document_id, row.near_group, row.width, row.height});
  }
}

void read_queries(const Dataset& dataset, const std::string& split, TrainingData& data,
                  Places& places) {
  for (const QueryRow& row : dataset.queries(split)) {
    if (is_blank(row.query)) {
      fail(ErrorCode::kBadInput, "queries/{}: the query \"{}\" has no text", split, row.query_id);
    }
    places.emplace(row.query_id, data.queries.size());
    data.queries.push_back({row.query_id, row.query, {}, {}});
  }
}

void read_qrels(const Dataset& dataset, const std::string& split, TrainingData& data,
                const Places& queries, const Places& pages) {
  for (const QrelRow& row : dataset.qrels(split)) {
    const size_t query = place_of(queries, row.query_id, split, "qrels", "query");
    const size_t page = place_of(pages, row.page_id, split, "qrels", "page");
    if (row.score > 0) data.queries[query].positives.push_back(page);
  }
}

void read_negatives(const Dataset& dataset, const std::string& split, TrainingData& data,
                    const Places& queries, const Places& pages) {
  std::vector<NegativeRow> rows = dataset.negatives(split);
  std::stable_sort(rows.begin(), rows.end(),
                   [](const NegativeRow& a, const NegativeRow& b) { return a.rank < b.rank; });
  for (const NegativeRow& row : rows) {
    TrainingData::Query& query =
        data.queries[place_of(queries, row.query_id, split, "negatives", "query")];
    const size_t page = place_of(pages, row.page_id, split, "negatives", "page");
    const auto listed = [&](const std::vector<size_t>& list) {
      return std::find(list.begin(), list.end(), page) != list.end();
    };
    if (!listed(query.positives) && !listed(query.negatives)) query.negatives.push_back(page);
  }
}

/// Keeps the queries that `keep` says, with their pairs made anew.
void keep_queries(TrainingData& data, const std::function<bool(const TrainingData::Query&)>& keep) {
  std::vector<TrainingData::Query> kept;
  for (TrainingData::Query& query : data.queries) {
    if (!query.positives.empty() && keep(query)) kept.push_back(std::move(query));
  }
  data.queries = std::move(kept);
  data.pairs.clear();
  for (size_t q = 0; q < data.queries.size(); ++q) {
    for (const size_t page : data.queries[q].positives) data.pairs.push_back({q, page});
  }
}

/// Documents of the families that are held out.
std::set<std::string> held_out_documents(const Dataset& dataset, uint64_t seed) {
  std::map<std::string, std::vector<std::string>> families;
  for (const DocumentRow& row : dataset.documents("train")) {
    families[row.family.empty() ? row.document_id : row.family].push_back(row.document_id);
  }
  std::vector<std::string> names;
  for (const auto& [family, documents] : families) names.push_back(family);
  if (names.size() < 2) return {};
  Random(seed, kHoldOutStream).shuffle(names);
  names.resize(std::max<size_t>(1, names.size() / kFamiliesPerHeldOut));
  std::set<std::string> documents;
  for (const std::string& name : names)
    documents.insert(families[name].begin(), families[name].end());
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

/// At most `most` queries, and at most twice as many pages to find theirs among.
TrainingData limited(const TrainingData& data, size_t most) {
  std::vector<size_t> all(data.queries.size());
  std::iota(all.begin(), all.end(), size_t{0});
  const std::vector<size_t> chosen = spread(all, std::min(most, all.size()));
  TrainingData part;
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

}  // namespace

TrainingData load_training_data(const Dataset& dataset, const std::string& split) {
  TrainingData data;
  Places pages, queries;
  read_pages(dataset, split, data, pages);
  read_queries(dataset, split, data, queries);
  read_qrels(dataset, split, data, queries, pages);
  read_negatives(dataset, split, data, queries, pages);
  keep_queries(data, [](const TrainingData::Query&) { return true; });
  if (data.pairs.empty()) {
    fail(
        ErrorCode::kBadInput,
        "{}: the {} split has {} pages and {} queries, but no qrels row with a score above 0 joins "
        "them; there is nothing to train on",
        dataset.path().string(), split, pages.size(), queries.size());
  }
  return data;
}

TrainingData hold_out(const Dataset& dataset, TrainingData& train, int most_queries,
                      uint64_t seed) {
  const size_t most = static_cast<size_t>(most_queries);
  const std::vector<std::string> splits = dataset.splits();
  if (std::find(splits.begin(), splits.end(), "validation") != splits.end()) {
    return limited(load_training_data(dataset, "validation"), most);
  }
  const std::set<std::string> documents = held_out_documents(dataset, seed);
  if (documents.empty()) return {};
  const auto is_held = [&](const TrainingData::Query& query) {
    return documents.count(train.pages[query.positives.front()].document_id) != 0;
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
  return limited(held, most);
}

BatchSampler::BatchSampler(size_t pairs, int batch_size, uint64_t seed)
    : pairs_(pairs), batch_(std::min(pairs, static_cast<size_t>(batch_size))), seed_(seed) {}

std::vector<size_t> BatchSampler::batch(int64_t step) {
  const int64_t epoch = step / steps_per_epoch();
  if (epoch != epoch_) {
    order_.resize(pairs_);
    std::iota(order_.begin(), order_.end(), size_t{0});
    Random(seed_, static_cast<uint64_t>(epoch)).shuffle(order_);
    epoch_ = epoch;
  }
  const auto first =
      order_.begin() + static_cast<std::ptrdiff_t>(batch_) * (step - epoch * steps_per_epoch());
  return {first, first + static_cast<std::ptrdiff_t>(batch_)};
}

}  // namespace recto
