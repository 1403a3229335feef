#include "eval/evaluation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "eval/bootstrap_table.h"
#include "eval/contamination.h"
#include "eval/report_examples.h"
#include "eval/trec.h"
#include "page/perceptual_hash.h"
#include "support/errors.h"
#include "support/support.h"

namespace recto {
namespace {
namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

/// A dataset of three pages in a document, with a query for each.
struct Rows {
  std::string document = std::string(64, 'a');
  std::vector<std::string> texts = {"mounting the valve", "oil for the pump", "index of words"};
  std::vector<std::string> queries = {"valve", "pump", "words"};
  PerceptualHash hash = {1, 2, 3, 4};

  Dataset write(const fs::path& directory, const std::string& split) const {
    make_directories(directory);
    DatasetWriter writer(directory);
    DocumentRow row;
    row.document_id = document;
    row.source_name = "manual.pdf";
    row.split = split;
    writer.add(split, row);
    const fs::path image =
        test::source_directory() / "tests/goldens/models/tiny-smolvlm-goldens/images/img0.png";
    for (size_t i = 0; i < texts.size(); ++i) {
      PageRow page;
      page.document_id = document;
      page.page_number = static_cast<int>(i) + 1;
      page.page_id = fmt::format("{}-{}", document, i + 1);
      page.image = read_file(image);
      page.text = texts[i];
      page.content_class = "text";
      PerceptualHash own = hash;
      own[0] += uint64_t{0xFFFFFF} << (8 * i);
      page.perceptual_hash = hash_text(own);
      writer.add(split, page);
      const std::string query = fmt::format("q{}-{}", i, document[0]);
      writer.add(split, QueryRow{query, queries[i], i == 0 ? "de" : "en", "heading", "m", "1"});
      writer.add(split, QrelRow{query, page.page_id, 1});
    }
    writer.finish(Json::object(), "");
    return Dataset::open(directory);
  }
};

TEST(Evaluation, RunsAgainstJudgements) {
  const TemporaryDirectory directory;
  const fs::path qrels = directory.path() / "truth.txt";
  write_file(qrels, "q1 0 d1 1\nq2 0 d2 1\nq3 0 d3 1\n");
  write_file(directory.path() / "a.trec", "q1 Q0 d1 1 2 t\nq1 Q0 d9 2 1 t\nq2 Q0 d2 1 1 t\n");
  write_file(directory.path() / "b.trec", "q1 Q0 d9 1 2 t\nq7 Q0 d2 1 1 t\n");
  EvaluationPlan plan;
  plan.qrels = qrels;
  plan.runs = {parse_named_run((directory.path() / "a.trec").string()),
               parse_named_run("other=" + (directory.path() / "b.trec").string())};
  const Evaluation evaluation(plan);
  const EvalReport& report = evaluation.reports().front();
  EXPECT_EQ(report.task.name, "truth");
  EXPECT_EQ(report.task.page_ids.size(), 4u);
  EXPECT_NEAR(report.system("a").mean.at("ndcg_at_5"), 2.0 / 3, 1e-12) << "q3 counts as 0";
  EXPECT_EQ(report.system("a").queries_missing, 1);
  EXPECT_EQ(report.system("other").queries_unknown, 1);
  ASSERT_EQ(report.comparisons.size(), 1u);
  EXPECT_EQ(report.comparisons[0].verdict(), "a and other are not distinguishable");
  evaluation.write(directory.path() / "out");
  EXPECT_TRUE(fs::exists(directory.path() / "out/per_query.other.jsonl"));
  EXPECT_THAT(read_file(directory.path() / "out/report.html"), HasSubstr("not distinguishable"));
}

TEST(Evaluation, PlansThatCannotBeMeant) {
  struct Case {
    const char* says;
    std::function<void(EvaluationPlan&)> spoil;
  };
  const std::vector<Case> cases = {
      {"either --data DIR or --qrels", [](EvaluationPlan&) {}},
      {"either --data DIR or --qrels",
       [](EvaluationPlan& p) {
         p.data = {"d"};
         p.qrels = "q";
       }},
      {"at least one with --run", [](EvaluationPlan& p) { p.qrels = "q"; }},
      {"need --data",
       [](EvaluationPlan& p) {
         p.qrels = "q";
         p.runs = {{"r", "r"}};
         p.kinds = {"heading"};
       }},
      {"two systems are called \"r\"",
       [](EvaluationPlan& p) {
         p.qrels = "q";
         p.runs = {{"r", "a/r"}, {"r", "b/r"}};
       }},
      {"two systems are called \"bm25\"",
       [](EvaluationPlan& p) {
         p.data = {"d"};
         p.runs = {{"bm25", "a"}};
       }},
      {"cannot be called \"a b\"",
       [](EvaluationPlan& p) {
         p.qrels = "q";
         p.runs = {{"a b", "a b.trec"}};
       }},
      {"no metric is called \"ndcg\"",
       [](EvaluationPlan& p) {
         p.data = {"d"};
         p.main_metric = "ndcg";
       }},
  };
  for (const Case& c : cases) {
    EvaluationPlan plan;
    c.spoil(plan);
    EXPECT_THAT(test::error_of([&] { const Evaluation e(plan); }, ErrorCode::kUsage),
                HasSubstr(c.says));
  }
}

TEST(Evaluation, ArgumentsOfSystems) {
  EXPECT_EQ(parse_named_run("runs/a.trec").name, "a");
  EXPECT_EQ(parse_named_run("mine=runs/a.trec").name, "mine");
  EXPECT_EQ(parse_named_run("runs/a=b.trec").name, "a=b");
  EXPECT_EQ(parse_named_vectors("v=p.npy,q.npy").queries, "q.npy");
  EXPECT_EQ(parse_named_vectors("v=p.npy").queries, "p.npy");
  for (const char* bad : {"p.npy", "=p.npy", "v="}) {
    EXPECT_THROW(parse_named_vectors(bad), Error) << bad;
  }
  EXPECT_EQ(parse_bm25("0.9,0.4").b, 0.4);
  for (const char* bad : {"", "1", "1,2", "-1,0", "a,b", "1,0.5,3", "1,0.5x", "nan,0"}) {
    EXPECT_THAT(test::error_of([&] { parse_bm25(bad); }, ErrorCode::kUsage), HasSubstr("K1,B"));
  }
}

TEST(Evaluation, SeveralTasksAreCorrectedTogether) {
  const TemporaryDirectory directory;
  Rows rows;
  rows.write(directory.path() / "one", "test");
  rows.write(directory.path() / "two", "test");
  EvaluationPlan plan;
  plan.data = {directory.path() / "one", directory.path() / "two"};
  plan.language_subsets = true;
  const Evaluation evaluation(plan);
  ASSERT_EQ(evaluation.reports().size(), 2u);
  for (const EvalReport& report : evaluation.reports()) {
    ASSERT_EQ(report.comparisons.size(), 1u);
    EXPECT_DOUBLE_EQ(report.comparisons[0].p_holm, std::min(1.0, 2 * report.comparisons[0].test.p));
    EXPECT_DOUBLE_EQ(main_score(report), 1);
    const Json scores = results_json(report).at("scores").at("test");
    ASSERT_EQ(scores.size(), 2u);
    EXPECT_EQ(scores[0].at("hf_subset"), "de");
  }
  evaluation.write(directory.path() / "out");
  const Json all = read_json(directory.path() / "out/comparisons.json");
  EXPECT_EQ(all.at("tasks"), Json({"one", "two"}));
  EXPECT_EQ(all.at("resampling").at("seed"), 0);
  EXPECT_TRUE(fs::exists(directory.path() / "out/two/results.json"));
}

TEST(Evaluation, TablesOfVectorsByIdsOfPagesAndQueries) {
  const TemporaryDirectory directory;
  Rows rows;
  rows.write(directory.path() / "one", "test");
  Matrix vectors(6, 3);
  std::vector<std::string> ids;
  for (int i = 0; i < 3; ++i) {
    ids.push_back(fmt::format("{}-{}", rows.document, i + 1));
    ids.push_back(fmt::format("q{}-a", i));
    vectors.row(2 * i)[i] = vectors.row(2 * i + 1)[i] = 2;
  }
  write_embeddings(directory.path() / "v.npy", ids, vectors, "");
  EvaluationPlan plan;
  plan.data = {directory.path() / "one"};
  plan.vectors = {parse_named_vectors("mine=" + (directory.path() / "v.npy").string())};
  const Evaluation evaluation(plan);
  EXPECT_DOUBLE_EQ(evaluation.reports()[0].system("mine").mean.at("hit_rate_at_1"), 1);
}

TEST(Evaluation, WhatIsWrongIsFoundBeforeAModelWorks) {
  const TemporaryDirectory directory;
  const fs::path data = directory.path() / "data";
  Rows().write(data, "test");
  write_file(directory.path() / "other.trec", "q0-a Q0 nowhere 1 1 t\n");
  write_embeddings(directory.path() / "few.npy", {"q0-a"}, Matrix(1, 3), "");
  struct Case {
    ErrorCode code;
    const char* says;
    std::function<void(EvaluationPlan&)> spoil;
  };
  const std::vector<Case> cases = {
      {ErrorCode::kIo, "127.0.0.1", [](EvaluationPlan&) {}},
      {ErrorCode::kNotFound, "absent",
       [&](EvaluationPlan& p) { p.training = {directory.path() / "absent"}; }},
      {ErrorCode::kNotFound, "absent",
       [&](EvaluationPlan& p) { p.data.push_back(directory.path() / "absent"); }},
      {ErrorCode::kMismatch, "\"nowhere\", which is no page",
       [&](EvaluationPlan& p) { p.runs = {{"r", directory.path() / "other.trec"}}; }},
      {ErrorCode::kMismatch, "no vector of",
       [&](EvaluationPlan& p) {
         p.vectors = {{"v", directory.path() / "few.npy", directory.path() / "few.npy"}};
       }},
      {ErrorCode::kUsage, "two systems are called \"endpoint-int8\"",
       [&](EvaluationPlan& p) {
         p.options.stored.push_back(StoredPrecision::kInt8);
         p.runs = {{"endpoint-int8", directory.path() / "other.trec"}};
       }},
      {ErrorCode::kUsage, "two systems are called \"bm25-k0.9-b0.4\"",
       [&](EvaluationPlan& p) {
         p.bm25 = {{.k1 = 0.9, .b = 0.4}};
         p.runs = {{"bm25-k0.9-b0.4", directory.path() / "other.trec"}};
       }},
  };
  for (const Case& c : cases) {
    EvaluationPlan plan;
    plan.data = {data};
    plan.endpoint.emplace();
    plan.endpoint->connection.url = "http://127.0.0.1:1";  // nobody is there
    plan.endpoint->connection.model = "m";
    plan.endpoint->connection.retries = 0;
    c.spoil(plan);
    EXPECT_THAT(test::error_of([&] { const Evaluation e(plan); }, c.code), HasSubstr(c.says));
  }
}

/// More words than a page may have to be told by its look alone.
std::string long_text(const std::string& word) {
  std::string text;
  for (int i = 0; i < 30; ++i) text += fmt::format("{}{} ", word, i);
  return text;
}

TEST(Contamination, IsFoundByDocumentPicturePageAndQuery) {
  const TemporaryDirectory directory;
  Rows rows;
  rows.queries[2] = "where is the index of all the words";
  const Dataset dataset = rows.write(directory.path() / "task", "test");
  const RetrievalTask task = load_task(dataset, "test");
  struct Case {
    const char* what;
    std::function<void(Rows&)> change;
    int64_t documents, pages, queries;
    size_t touched;
  };
  Rows other;
  other.document = std::string(64, 'b');
  other.queries = {"x", "y", "z"};
  other.texts = {"k", "l", "m"};
  other.hash = {~0ULL, ~0ULL, ~0ULL, 0};
  const std::vector<Case> cases = {
      {"nothing", [](Rows&) {}, 0, 0, 0, 0},
      {"the file itself", [&](Rows& r) { r.document = rows.document; }, 1, 3, 0, 3},
      {"pictures, no text told apart",
       [&](Rows& r) {
         r.hash = rows.hash;
         r.texts = rows.texts;
       },
       0, 3, 0, 3},
      {"pictures, 20 bits away, no text",
       [&](Rows& r) {
         r.hash = rows.hash;
         r.hash[3] ^= 0xFFFFF;
         r.texts = {"", "", ""};
       },
       0, 3, 0, 3},
      {"pictures alike, other texts",
       [&](Rows& r) {
         r.hash = rows.hash;
         for (std::string& text : r.texts) text = long_text(text);
       },
       0, 0, 0, 0},
      {"a query in capitals", [](Rows& r) { r.queries[1] = "  PUMP "; }, 0, 0, 1, 1},
      {"eight words in a row",
       [](Rows& r) { r.queries[0] = "tell me where is the index of all the words please"; }, 0, 0,
       1, 1},
      {"seven words in a row",
       [](Rows& r) { r.queries[0] = "tell me where is the index of all the pages"; }, 0, 0, 0, 0},
  };
  for (const Case& c : cases) {
    Rows training = other;
    c.change(training);
    const fs::path path = directory.path() / c.what;
    training.write(path, "train");
    const Contamination found = find_contamination(task, dataset, {path});
    EXPECT_EQ(found.documents, c.documents) << c.what;
    EXPECT_EQ(found.pages, c.pages) << c.what;
    EXPECT_EQ(found.queries, c.queries) << c.what;
    EXPECT_EQ(found.touched.size(), c.touched) << c.what;
    EXPECT_EQ(found.is_flagged(), c.touched > 0) << c.what;
  }
}

TEST(Contamination, MetricWithAndWithoutIsReported) {
  const TemporaryDirectory directory;
  Rows rows;
  rows.write(directory.path() / "task", "test");
  Rows training = rows;
  training.document = std::string(64, 'b');
  training.hash = {~0ULL, ~0ULL, ~0ULL, 0};
  training.queries = {"valve", "y", "z"};
  training.texts = {"k", "l", "m"};
  training.write(directory.path() / "training", "train");
  EvaluationPlan plan;
  plan.data = {directory.path() / "task"};
  plan.training = {directory.path() / "training"};
  const Evaluation evaluation(plan);
  const Json found = results_json(evaluation.reports()[0]).at("recto").at("contamination");
  EXPECT_EQ(found.at("flagged"), true);
  EXPECT_EQ(found.at("touched_queries"), 1);
  EXPECT_EQ(found.at("untouched_queries"), 2);
  EXPECT_EQ(found.at("systems").at("bm25").at("without"), 1.0);
  EXPECT_THAT(markdown_table(evaluation.reports()[0]), HasSubstr("This task is contaminated."));
}

TEST(Report, IntervalsAreThoseOfTheBootstrap) {
  std::map<std::string, MetricValues> per_query;
  std::vector<double> values;
  for (int i = 0; i < 40; ++i) {
    values.push_back(i % 7 / 7.0);
    per_query[fmt::format("q{:02}", i)] = {{"a", values.back()}, {"b", 0.5}};
  }
  const auto found = metric_intervals(per_query, {});
  const Interval wanted = bootstrap_interval(values, {});
  EXPECT_NEAR(found.at("a").low, wanted.low, 1e-6);
  EXPECT_NEAR(found.at("a").high, wanted.high, 1e-6);
  EXPECT_NEAR(found.at("b").low, 0.5, 1e-6);
  EXPECT_NEAR(found.at("b").high, 0.5, 1e-6);
}

TEST(Report, ExamplesAreTheLargestDifferencesAndShowPages) {
  const TemporaryDirectory directory;
  Rows rows;
  rows.queries[1] = "<b>valve</b>";  // words find page 1 where page 2 is wanted
  rows.write(directory.path() / "task", "test");
  const std::string first = rows.document + "-1";
  write_file(directory.path() / "good.trec",
             fmt::format("q0-a Q0 {0}-1 1 1 t\nq1-a Q0 {0}-2 1 1 t\n", rows.document));
  EvaluationPlan plan;
  plan.data = {directory.path() / "task"};
  plan.runs = {parse_named_run((directory.path() / "good.trec").string())};
  const Evaluation evaluation(plan);
  const EvalReport& report = evaluation.reports().front();
  const auto wins = eval_examples(report, true, 5);
  ASSERT_EQ(wins.size(), 1u);
  EXPECT_EQ(wins[0].query_id, "q1-a");
  EXPECT_EQ(wins[0].wanted, rows.document + "-2");
  const auto losses = eval_examples(report, false, 5);
  ASSERT_EQ(losses.size(), 1u);
  EXPECT_EQ(losses[0].found, "") << "the run does not have q2-a";

  evaluation.write(directory.path() / "out");
  const std::string html = read_file(directory.path() / "out/report.html");
  EXPECT_THAT(html, HasSubstr("data:image/jpeg;base64,"));
  EXPECT_THAT(html, HasSubstr("page 2 of <bdi>manual.pdf</bdi>"));
  EXPECT_THAT(html, HasSubstr("&lt;b&gt;valve&lt;/b&gt;"));
  EXPECT_THAT(html, Not(HasSubstr("<b>valve")));
  EXPECT_THAT(html, Not(HasSubstr("http://")));
  EXPECT_THAT(html, Not(HasSubstr("https://")));
}

}  // namespace
}  // namespace recto
