#pragma once
// Means over the queries of a language, a kind, a content class or a source.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "eval/task.h"

namespace recto {

/// What the queries of a task are told apart by: "language" and "kind" are the query's; "class" is
/// that of the page that answers it best, "source" the file name of that page's document.
struct QueryGrouping {
  std::string name;
  std::map<std::string, std::string> group_of;  ///< by query id; "" when unknown
};

/// The groupings that say something: those in which a query has a group that is known. Sources are
/// left out where each document is one page.
std::vector<QueryGrouping> query_groupings(const RetrievalTask& task);

struct GroupMean {
  int64_t queries = 0;
  MetricValues mean;
};

/// By the group's name.
std::map<std::string, GroupMean> grouped_means(
    const QueryGrouping& grouping, const std::map<std::string, MetricValues>& per_query);

/// The mean over groups of their means: each group counts the same, whatever its queries.
MetricValues macro_mean(const std::map<std::string, GroupMean>& groups);

}  // namespace recto
