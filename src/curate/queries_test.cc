#include "curate/queries.h"

#include <gtest/gtest.h>

#include <map>

namespace recto {
namespace {

Heading heading(const std::string& query, int page) {
  WordTokenizer tokenizer;
  return {query, FoldedText(tokenizer, query).joined(), page};
}

TEST(Queries, MergedGenericAmbiguous) {
  const std::vector<DocumentHeadings> documents = {
      {"d1",
       "f1",
       "train",
       {heading("What is it?", 1), heading("Getting Started", 2), heading("Only here", 3),
        heading("Twice in one", 4), heading("Twice in one", 6), heading("Options of it", 1),
        heading("Options of it", 2), heading("Options of it", 3), heading("options of it", 4)}},
      {"d2", "f1", "train", {heading("WHAT IS IT", 5), heading("Getting started", 1)}},
      {"d3", "f2", "test", {heading("Getting started", 9), heading("In two families", 1)}},
      {"d4", "f3", "train", {heading("getting  started!", 2), heading("In two families", 4)}}};
  Audit audit;
  const auto queries = make_queries(documents, {3, 3}, audit);
  std::map<std::string, std::vector<std::string>> found;
  for (const SplitQuery& query : queries) {
    EXPECT_EQ(query.split, "train");
    found[query.query.query] = query.page_ids;
    EXPECT_EQ(query.query.kind, query.query.query == "What is it?" ? "question" : "heading");
    EXPECT_EQ(query.query.query_id.size(), 18u);
  }
  EXPECT_EQ(found,
            (std::map<std::string, std::vector<std::string>>{{"What is it?", {"d1-1", "d2-5"}},
                                                             {"Only here", {"d1-3"}},
                                                             {"Twice in one", {"d1-4", "d1-6"}}}));
  std::map<std::string, int> reasons;
  for (const AuditRow& row : audit.rows()) ++reasons[row.decision + " " + row.reason];
  EXPECT_EQ(reasons, (std::map<std::string, int>{
                         {"dropped ambiguous: a heading of many pages", 1},
                         {"dropped ambiguous: a heading of several families", 1},
                         {"dropped generic: a heading of many families", 1},
                         {"kept heading on its page", 1},
                         {"kept heading on several pages, all of them answers", 2}}));
}

}  // namespace
}  // namespace recto
