#include "eval/systems.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "eval/evaluate.h"
#include "eval/groups.h"
#include "eval/stored_precision.h"
#include "support/errors.h"

namespace recto {
namespace {
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Two documents of two pages and one of one; three queries.
RetrievalTask small_task() {
  RetrievalTask task;
  task.name = "small";
  task.split = "test";
  task.page_ids = {"a-1", "a-2", "b-1", "b-2", "c-1"};
  task.page_texts = {"valve", "pump", "valve pump", "nothing", "valve"};
  task.pages = {{"a", "text", 1}, {"a", "figure", 2}, {"b", "text", 1}, {"b", "", 2}, {"c", "", 1}};
  task.document_names = {{"a", "a.pdf"}, {"b", "b.pdf"}, {"c", "c.pdf"}};
  task.queries = {{"q1", "pump", "en", "heading", "", ""},
                  {"q2", "valve", "de", "question", "", ""},
                  {"q3", "none", "de", "heading", "", ""}};
  task.qrels = {{"q1", {{"a-2", 2}, {"b-1", 1}}}, {"q2", {{"b-1", 1}}}, {"q3", {{"c-1", 1}}}};
  return task;
}

TEST(WithinDocument, EachDocumentThatAnswersIsAskedOnItsOwn) {
  const RetrievalTask task = small_task();
  const auto questions = document_questions(task);
  ASSERT_EQ(questions.size(), 3u) << "a document of one page is no question";
  EXPECT_THAT(questions[0].pages, ElementsAre(0u, 1u));
  EXPECT_THAT(questions[1].pages, ElementsAre(2u, 3u));
  const recto::Run run = {{"q1", {{"b-2", 5}, {"a-2", 4}, {"b-1", 3}, {"a-1", 2}}},
                          {"q2", {{"a-1", 1}}}};
  const SystemResult result = rank_run(task, "run", run);
  // q1: first in its document a, second in b; q2 finds nothing of b.
  EXPECT_DOUBLE_EQ(result.within_per_query.at("q1").at("hit_rate_at_1"), 0.5);
  EXPECT_DOUBLE_EQ(result.within_per_query.at("q1").at("mrr_at_5"), 0.75);
  EXPECT_DOUBLE_EQ(result.within_per_query.at("q2").at("ndcg_at_5"), 0);
  EXPECT_EQ(result.within_per_query.count("q3"), 0u);
  EXPECT_DOUBLE_EQ(result.within.at("hit_rate_at_1"), 0.25);
  EXPECT_DOUBLE_EQ(rank_random(task).within.at("hit_rate_at_1"), 0.5);
  EXPECT_DOUBLE_EQ(rank_bm25(task).within.at("hit_rate_at_1"), 1);
}

TEST(WithinDocument, VectorsRankEveryPageOfTheDocument) {
  RetrievalTask task = small_task();
  Matrix pages(5, 2);
  for (int i = 0; i < 5; ++i) {
    pages.row(i)[0] = std::cos(static_cast<float>(i));
    pages.row(i)[1] = std::sin(static_cast<float>(i));
  }
  Matrix queries(3, 2);
  for (int i = 0; i < 3; ++i) {
    const auto row = pages.row(i + 1);
    std::copy(row.begin(), row.end(), queries.row(i).begin());
  }
  const SystemResult result = rank_vectors(task, pages, queries, 1);
  EXPECT_DOUBLE_EQ(result.within.at("hit_rate_at_1"), 1);
  EXPECT_DOUBLE_EQ(result.per_query.at("q1").at("hit_rate_at_1"), 1);
}

TEST(WithinDocument, IsNoTaskWithoutDocuments) {
  RetrievalTask task = small_task();
  for (TaskPage& page : task.pages) page.document_id.clear();
  EXPECT_TRUE(rank_bm25(task).within.empty());
}

TEST(Groups, AreThoseThatAreKnown) {
  const RetrievalTask task = small_task();
  const auto groupings = query_groupings(task);
  ASSERT_EQ(groupings.size(), 4u);
  const SystemResult result = rank_run(task, "run", {{"q1", {{"a-2", 1}}}, {"q2", {{"b-1", 1}}}});
  const auto language = grouped_means(groupings[0], result.per_query);
  EXPECT_EQ(language.at("de").queries, 2);
  EXPECT_DOUBLE_EQ(language.at("de").mean.at("hit_rate_at_1"), 0.5);
  EXPECT_DOUBLE_EQ(language.at("en").mean.at("hit_rate_at_1"), 1);
  EXPECT_DOUBLE_EQ(macro_mean(language).at("hit_rate_at_1"), 0.75);
  EXPECT_DOUBLE_EQ(result.mean.at("hit_rate_at_1"), 2.0 / 3);
  EXPECT_EQ(groupings[2].group_of.at("q1"), "figure") << "of the best answer";
  EXPECT_EQ(groupings[3].group_of.at("q2"), "b.pdf");
  RetrievalTask bare = task;
  for (QueryRow& query : bare.queries) query.kind = query.language = "";
  for (TaskPage& page : bare.pages) page = {};
  EXPECT_TRUE(query_groupings(bare).empty());
}

TEST(Kinds, AreTasksOfTheirOwn) {
  const RetrievalTask task = small_task();
  const RetrievalTask headings = only_kind(task, "heading");
  EXPECT_EQ(headings.name, "small.heading");
  EXPECT_EQ(headings.queries.size(), 2u);
  EXPECT_EQ(headings.page_ids, task.page_ids);
  EXPECT_THAT(test::error_of([&] { only_kind(task, "caption"); }, ErrorCode::kUsage),
              HasSubstr("there are heading, question"));
}

TEST(Runs, FromOutside) {
  const RetrievalTask task = small_task();
  const SystemResult result =
      rank_run(task, "r", {{"q1", {{"a-2", 0.5}, {"b-1", 0.5}}}, {"q9", {{"zz", 1}}}});
  EXPECT_EQ(result.queries_missing, 2);
  EXPECT_EQ(result.queries_unknown, 1) << "what it finds is not looked at";
  EXPECT_EQ(result.per_query.size(), 3u);
  EXPECT_EQ(result.per_query.at("q2").at("recall_at_100"), 0);
  // Equal scores stand by id, descending: b-1 first.
  EXPECT_NEAR(result.per_query.at("q1").at("ndcg_at_5"),
              (1 + 2 / std::log2(3.0)) / (2 + 1 / std::log2(3.0)), 1e-12);

  EXPECT_THAT(
      test::error_of([&] { rank_run(task, "r", {{"q1", {{"zz", 1}}}}); }, ErrorCode::kMismatch),
      HasSubstr("\"zz\", which is no page of small"));
  EXPECT_THAT(
      test::error_of([&] { rank_run(task, "r", {{"q9", {{"a-1", 1}}}}); }, ErrorCode::kMismatch),
      HasSubstr("none of its 1 queries"));
}

TEST(Runs, MayCallPagesByTheNamesTheyCameWith) {
  RetrievalTask task = small_task();
  EXPECT_TRUE(page_aliases(task).empty()) << "documents of several pages";
  task.document_names.clear();
  for (size_t i = 0; i < task.pages.size(); ++i) {
    task.pages[i].document_id = task.page_ids[i];
    task.document_names[task.page_ids[i]] = fmt::format("page{}.png", i);
  }
  const SystemResult result = rank_run(task, "r", {{"q2", {{"page2.png", 1}}}});
  EXPECT_EQ(result.per_query.at("q2").at("hit_rate_at_1"), 1);
  EXPECT_EQ(result.run.at("q2").front().id, "b-1");
}

TEST(Bm25, ParametersAreInNameAndDescription) {
  const RetrievalTask task = small_task();
  const SystemResult usual = rank_bm25(task);
  const SystemResult other = rank_bm25(task, {.k1 = 0.9, .b = 0});
  EXPECT_EQ(usual.name, "bm25");
  EXPECT_EQ(other.name, "bm25-k0.9-b0");
  EXPECT_THAT(other.description, HasSubstr("k1 = 0.9, b = 0"));
  // Without the length a page of two words is as good as one of one word: ids decide.
  EXPECT_EQ(ranked_ids(usual.run.at("q1")).front(), "a-2");
  EXPECT_EQ(ranked_ids(other.run.at("q1")).front(), "b-1");
}

TEST(Tables, RowsAreFoundByIdAndBroughtToLengthOne) {
  Embeddings table;
  table.ids = {"x", "y"};
  table.vectors = Matrix(2, 2);
  table.vectors.values = {3, 4, 0, 2};
  const Matrix rows = rows_of_table(table, {{"y"}, {"p", "x"}}, "t");
  EXPECT_THAT(rows.values, ElementsAre(0, 1, 0.6F, 0.8F));
  EXPECT_THAT(test::error_of([&] { rows_of_table(table, {{"z"}}, "t.npy"); }, ErrorCode::kMismatch),
              HasSubstr("t.npy: no vector of \"z\""));
  table.ids[1] = "x";
  EXPECT_THAT(test::error_of([&] { rows_of_table(table, {{"x"}}, "t.npy"); }, ErrorCode::kBadInput),
              HasSubstr("\"x\" has two vectors"));
  table.ids[1] = "y";
  table.vectors.values[2] = NAN;
  EXPECT_THAT(test::error_of([&] { rows_of_table(table, {{"y"}}, "t.npy"); }, ErrorCode::kBadInput),
              HasSubstr("vector of \"y\" has a number that is not finite"));
  table.vectors.values = {3, 4, 0, 0};
  EXPECT_THAT(test::error_of([&] { rows_of_table(table, {{"y"}}, "t.npy"); }, ErrorCode::kBadInput),
              HasSubstr("vector of \"y\" is 0 everywhere"));
}

TEST(Tables, VectorsOfAnySizeHaveADirection) {
  Embeddings table;
  table.ids = {"x", "y"};
  table.vectors = Matrix(2, 2);
  table.vectors.values = {3e-30F, 4e-30F, 3e30F, -4e30F};
  const Matrix rows = rows_of_table(table, {{"x"}, {"y"}}, "t");
  const float wanted[] = {0.6F, 0.8F, 0.6F, -0.8F};
  for (int i = 0; i < 4; ++i) EXPECT_NEAR(rows.values[i], wanted[i], 1e-6);
}

TEST(Tables, AnIdMayHaveItsCorpusInFront) {
  RetrievalTask task = small_task();
  task.prefixes = {"english-", "german-"};
  const auto aliases = page_aliases(task);
  for (size_t i = 0; i < task.page_ids.size(); ++i) {
    const std::string& id = task.page_ids[i];
    EXPECT_EQ(aliases.at("german-" + id), id);
    EXPECT_THAT(page_names(task)[i], ElementsAre(id, "english-" + id, "german-" + id));
  }
  task.set = "set";  // another corpus may have other pages under these ids
  EXPECT_THAT(page_names(task)[0],
              ElementsAre("english-" + task.page_ids[0], "german-" + task.page_ids[0]));
}

TEST(Tables, PrefixesAndPrecisionsAreSystems) {
  EvalReport report;
  report.task = small_task();
  Matrix pages(5, 4);
  for (size_t i = 0; i < pages.values.size(); ++i) {
    pages.values[i] = std::sin(static_cast<float>(i * i));
  }
  Matrix queries(3, 4);
  for (size_t i = 0; i < queries.values.size(); ++i) {
    queries.values[i] = std::cos(static_cast<float>(i));
  }
  EvalOptions options;
  options.dimensions = {4, 2};
  options.stored = {StoredPrecision::kFp32, StoredPrecision::kBinary};
  add_vectors(report, pages, queries, options, "other");
  std::vector<std::string> names;
  std::vector<int64_t> bytes;
  for (const SystemResult& result : report.systems) {
    names.push_back(result.name);
    bytes.push_back(result.cost.bytes_per_page);
  }
  EXPECT_THAT(names, ElementsAre("other", "other-binary", "other-d2", "other-d2-binary"));
  EXPECT_THAT(bytes, ElementsAre(16, 1, 8, 1));
  options.dimensions = {5};
  EXPECT_THAT(test::error_of([&] { add_vectors(report, pages, queries, options, "other"); },
                             ErrorCode::kUsage),
              HasSubstr("5 dimensions are wanted of vectors that have 4"));
  EXPECT_THROW(add_vectors(report, pages, Matrix(3, 3), options, "other"), Error);
}

TEST(StoredPrecision, KnownValues) {
  Matrix vectors(1, 4);
  vectors.values = {0.5F, -0.25F, 0.1F, 0};
  EXPECT_EQ(as_stored(vectors, StoredPrecision::kFp32).values, vectors.values);
  EXPECT_THAT(as_stored(vectors, StoredPrecision::kBinary).values,
              ElementsAre(0.5F, -0.5F, 0.5F, 0.5F));
  const Matrix half = as_stored(vectors, StoredPrecision::kFp16);
  EXPECT_EQ(half.values[1], -0.25F);
  EXPECT_NEAR(half.values[2], 0.1, 5e-5);
  EXPECT_NE(half.values[2], 0.1F);
  const Matrix bytes = as_stored(vectors, StoredPrecision::kInt8);
  EXPECT_FLOAT_EQ(bytes.values[0], 0.5F);
  EXPECT_FLOAT_EQ(bytes.values[1], -64 * 0.5F / 127) << "63.5 steps round to an even number";
  EXPECT_EQ(as_stored(Matrix(1, 2), StoredPrecision::kInt8).values, Matrix(1, 2).values);
  for (const auto& [precision, size] : {std::pair{StoredPrecision::kFp32, 2304},
                                        {StoredPrecision::kFp16, 1152},
                                        {StoredPrecision::kInt8, 580},
                                        {StoredPrecision::kBinary, 72}}) {
    EXPECT_EQ(stored_bytes(576, precision), size);
    EXPECT_EQ(parse_stored_precision(stored_precision_name(precision)), precision);
  }
  EXPECT_THROW(parse_stored_precision("int4"), Error);
}

}  // namespace
}  // namespace recto
