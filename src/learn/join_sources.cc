#include "learn/join_sources.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "data/page_id.h"

namespace recto {
namespace {

/// Whether the page is one of a document that is named by the hash of its file.
bool is_named_by_content(const TrainingData::Page& page) {
  return parse_page_id(page.id).has_value();
}

/// Names of groups that turn out to be one.
class Names {
 public:
  const std::string& find(const std::string& name) const {
    const std::string* found = &name;
    for (auto at = same_.find(*found); at != same_.end(); at = same_.find(*found)) {
      found = &at->second;
    }
    return *found;
  }
  void join(const std::string& a, const std::string& b) {
    const std::string first = find(a), second = find(b);
    if (first != second) same_[second] = first;
  }

 private:
  std::unordered_map<std::string, std::string> same_;
};

void shift(std::vector<size_t>& places, size_t by) {
  for (size_t& place : places) place += by;
}

}  // namespace

void append_source(TrainingData& all, TrainingData&& part, const TrainingData::Source& source) {
  const size_t number = all.sources.size();
  const size_t first_page = all.pages.size(), first_query = all.queries.size();
  all.sources.push_back(source);
  const auto own = [&](std::string& name) {
    if (!name.empty()) name = fmt::format("{}:{}", number, name);
  };
  for (TrainingData::Page& page : part.pages) {
    page.source = number;
    own(page.near_group);
    if (!is_named_by_content(page)) {
      own(page.document_id);
      own(page.family);
    }
    all.pages.push_back(std::move(page));
  }
  for (TrainingData::Query& query : part.queries) {
    query.source = number;
    shift(query.positives, first_page);
    shift(query.negatives, first_page);
    all.queries.push_back(std::move(query));
  }
  for (const TrainingData::Pair& pair : part.pairs) {
    all.pairs.push_back({pair.query + first_query, pair.page + first_page});
  }
}

void join_same_pages(TrainingData& data) {
  std::unordered_map<std::string, size_t> first;
  Names names;
  for (size_t i = 0; i < data.pages.size(); ++i) {
    TrainingData::Page& page = data.pages[i];
    if (!is_named_by_content(page)) continue;
    const auto [found, is_new] = first.emplace(page.id, i);
    if (is_new) continue;
    TrainingData::Page& same = data.pages[found->second];
    if (same.near_group.empty()) same.near_group = "page:" + page.id;
    if (page.near_group.empty()) page.near_group = same.near_group;
    names.join(same.near_group, page.near_group);
  }
  for (TrainingData::Page& page : data.pages) {
    if (!page.near_group.empty()) page.near_group = names.find(page.near_group);
  }
}

size_t drop_trained_documents(TrainingData& held_out, const TrainingData& train) {
  std::unordered_set<std::string> trained;
  for (const TrainingData::Page& page : train.pages) {
    if (is_named_by_content(page)) trained.insert(page.document_id);
  }
  const size_t before = held_out.queries.size();
  keep_queries(held_out, [&](const TrainingData::Query& query) {
    return std::none_of(query.positives.begin(), query.positives.end(), [&](size_t page) {
      return trained.count(held_out.pages[page].document_id) != 0;
    });
  });
  return before - held_out.queries.size();
}

}  // namespace recto
