#include "curate/queries.h"

#include <algorithm>
#include <set>
#include <unordered_map>
#include <utility>

#include "base/error.h"
#include "base/sha256.h"

namespace recto {

namespace {

constexpr const char* kStage = "query";
constexpr const char* kMethod = "outline";
constexpr const char* kGeneratorVersion = "1";
constexpr size_t kIdDigits = 16;

/// All headings with the same words.
struct Group {
  std::string query;  ///< as its first document spells it
  std::string folded;
  std::string split;
  std::set<std::string> families;
  std::vector<std::string> page_ids;
};

std::vector<Group> group_headings(const std::vector<DocumentHeadings>& documents) {
  std::vector<Group> groups;
  std::unordered_map<std::string, size_t> places;
  for (const DocumentHeadings& document : documents) {
    for (const Heading& heading : document.headings) {
      const auto [found, added] = places.emplace(heading.folded, groups.size());
      if (added) groups.push_back({heading.query, heading.folded, document.split, {}, {}});
      Group& group = groups[found->second];
      group.families.insert(document.family);
      const std::string page = fmt::format("{}-{}", document.document_id, heading.page);
      if (std::find(group.page_ids.begin(), group.page_ids.end(), page) == group.page_ids.end()) {
        group.page_ids.push_back(page);
      }
    }
  }
  return groups;
}

bool is_question(const std::string& query) {
  return query.ends_with("?") || query.ends_with("？") || query.ends_with("؟");
}

}  // namespace

std::vector<SplitQuery> make_queries(const std::vector<DocumentHeadings>& documents,
                                     const QuerySettings& settings, Audit& audit) {
  std::vector<SplitQuery> queries;
  for (Group& group : group_headings(documents)) {
    const std::string id = "q-" + sha256_hex(group.folded).substr(0, kIdDigits);
    const auto families = static_cast<int>(group.families.size());
    const auto pages = static_cast<int>(group.page_ids.size());
    if (families >= settings.generic_families) {
      audit.drop(id, kStage, "generic: a heading of many families", families,
                 settings.generic_families);
    } else if (families > 1) {
      audit.drop(id, kStage, "ambiguous: a heading of several families", families, 1);
    } else if (pages > settings.max_pages) {
      audit.drop(id, kStage, "ambiguous: a heading of many pages", pages, settings.max_pages);
    } else {
      audit.keep(
          id, kStage,
          pages > 1 ? "heading on several pages, all of them answers" : "heading on its page",
          pages, settings.max_pages);
      SplitQuery query;
      query.split = group.split;
      query.query = {id,      group.query,
                     "",      is_question(group.query) ? "question" : "heading",
                     kMethod, kGeneratorVersion};
      query.page_ids = std::move(group.page_ids);
      queries.push_back(std::move(query));
    }
  }
  return queries;
}

}  // namespace recto
