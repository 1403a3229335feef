#include "learn/id_places.h"

#include <utility>

#include "base/error.h"
#include "data/query_text.h"

namespace recto {
namespace {

const std::vector<size_t>& find(const std::unordered_map<std::string, std::vector<size_t>>& places,
                                const std::string& id) {
  static const std::vector<size_t> none;
  const auto found = places.find(id);
  return found == places.end() ? none : found->second;
}

}  // namespace

IdPlaces::IdPlaces(const TrainingData& data, std::string option)
    : data_(data), option_(std::move(option)) {
  for (size_t q = 0; q < data.queries.size(); ++q) {
    const TrainingData::Query& query = data.queries[q];
    queries_[query.id].push_back(q);
    queries_[fmt::format("{}:{}", query.source, query.id)].push_back(q);
  }
  for (size_t p = 0; p < data.pages.size(); ++p) {
    pages_[data.pages[p].id].push_back(p);
    pages_[data.pages[p].key()].push_back(p);
  }
}

void IdPlaces::fail_ambiguous(const std::string& id, const char* what, size_t first,
                              size_t other) const {
  fail(ErrorCode::kBadInput,
       "{}: \"{}\" is the id of different {} in {} and {}; write {}:{} and {}:{} in the table",
       option_, id, what, data_.sources.at(first).name, data_.sources.at(other).name, first, id,
       other, id);
}

const std::vector<size_t>& IdPlaces::queries(const std::string& id) const {
  const std::vector<size_t>& found = find(queries_, id);
  for (const size_t query : found) {
    const TrainingData::Query& first = data_.queries[found.front()];
    const TrainingData::Query& other = data_.queries[query];
    if (query == found.front() || plain_query(first.text) == plain_query(other.text)) continue;
    fail_ambiguous(id, "queries", first.source, other.source);
  }
  return found;
}

const std::vector<size_t>& IdPlaces::pages(const std::string& id) const {
  const std::vector<size_t>& found = find(pages_, id);
  for (const size_t page : found) {
    const TrainingData::Page& first = data_.pages[found.front()];
    const TrainingData::Page& other = data_.pages[page];
    if (first.document_id == other.document_id && first.passage == other.passage) continue;
    fail_ambiguous(id, "pages", first.source, other.source);
  }
  return found;
}

}  // namespace recto
