#include "eval/groups.h"

#include <algorithm>
#include <set>

namespace recto {
namespace {

/// The page with the highest grade, the first by id of several; page_ids.size() for none.
size_t best_page(const RetrievalTask& task, const std::string& query,
                 const std::map<std::string, size_t>& places) {
  size_t best = task.page_ids.size();
  int highest = 0;
  for (const auto& [page, grade] : task.qrels.at(query)) {
    const auto place = places.find(page);
    if (grade <= highest || place == places.end()) continue;
    highest = grade;
    best = place->second;
  }
  return best;
}

bool has_documents_of_several_pages(const RetrievalTask& task) {
  std::set<std::string> seen;
  return std::any_of(task.pages.begin(), task.pages.end(), [&](const TaskPage& page) {
    return !page.document_id.empty() && !seen.insert(page.document_id).second;
  });
}

bool is_known(const QueryGrouping& grouping) {
  return std::any_of(grouping.group_of.begin(), grouping.group_of.end(),
                     [](const auto& entry) { return !entry.second.empty(); });
}

}  // namespace

std::vector<QueryGrouping> query_groupings(const RetrievalTask& task) {
  QueryGrouping language{"language", {}};
  QueryGrouping kind{"kind", {}};
  QueryGrouping content_class{"class", {}};
  QueryGrouping source{"source", {}};
  const auto places = task.page_places();
  for (const QueryRow& query : task.queries) {
    language.group_of[query.query_id] = query.language;
    kind.group_of[query.query_id] = query.kind;
    const size_t page = best_page(task, query.query_id, places);
    if (page == task.page_ids.size()) continue;
    content_class.group_of[query.query_id] = task.pages[page].content_class;
    const auto name = task.document_names.find(task.pages[page].document_id);
    if (name != task.document_names.end()) source.group_of[query.query_id] = name->second;
  }
  if (!has_documents_of_several_pages(task)) source.group_of.clear();
  std::vector<QueryGrouping> out;
  for (QueryGrouping* grouping : {&language, &kind, &content_class, &source}) {
    if (is_known(*grouping)) out.push_back(std::move(*grouping));
  }
  return out;
}

std::map<std::string, GroupMean> grouped_means(
    const QueryGrouping& grouping, const std::map<std::string, MetricValues>& per_query) {
  std::map<std::string, std::map<std::string, MetricValues>> members;
  for (const auto& [query, group] : grouping.group_of) {
    const auto found = per_query.find(query);
    if (found != per_query.end()) members[group].insert(*found);
  }
  std::map<std::string, GroupMean> out;
  for (const auto& [group, values] : members) {
    out[group] = {static_cast<int64_t>(values.size()), mean_metrics(values)};
  }
  return out;
}

MetricValues macro_mean(const std::map<std::string, GroupMean>& groups) {
  std::map<std::string, MetricValues> means;
  for (const auto& [name, group] : groups) means[name] = group.mean;
  return mean_metrics(means);
}

}  // namespace recto
