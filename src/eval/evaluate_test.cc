#include "eval/evaluate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "engine/cpu_embedder.h"
#include "eval/report.h"
#include "eval/trec.h"
#include "support/support.h"

namespace recto {
namespace {
namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::vector<std::string> kTexts = {"The cat sat on the mat.", "Dogs bark at night.",
                                         "Invoices and amounts due.", "A page about nothing."};

struct Example {
  TemporaryDirectory directory;
  std::vector<PageRow> pages;
  std::vector<QueryRow> queries;
  std::vector<QrelRow> qrels;

  Example() {
    const fs::path images = test::source_directory() / "tests/goldens/models/tiny-smolvlm-goldens";
    for (size_t i = 0; i < kTexts.size(); ++i) {
      PageRow page;
      page.document_id = "doc";
      page.page_number = static_cast<int>(i) + 1;
      page.page_id = "doc-" + std::to_string(i + 1);
      page.image = read_file(images / "images" / fmt::format("img{}.png", i % 3));
      page.text = kTexts[i];
      pages.push_back(page);
    }
    queries = {{"q1", "cat mat", "en", "heading", "m", "1"},
               {"q2", "invoices", "en", "heading", "m", "1"},
               {"q3", "xyzzy", "de", "question", "m", "1"},
               {"q4", "without a judgement", "de", "question", "m", "1"}};
    qrels = {{"q1", "doc-1", 1}, {"q2", "doc-3", 2}, {"q2", "doc-4", 1}, {"q3", "doc-2", 1}};
  }

  Dataset write() {
    DatasetWriter writer(directory.path());
    for (const auto& row : pages) writer.add("test", row);
    for (const auto& row : queries) writer.add("test", row);
    for (const auto& row : qrels) writer.add("test", row);
    writer.finish(Json::object(), "");
    return Dataset::open(directory.path());
  }
};

std::unique_ptr<Embedder> tiny_model() {
  return make_cpu_embedder(
      ModelDirectory::open(test::source_directory() / "tests/goldens/models/tiny-smolvlm"));
}

TEST(Evaluate, BaselinesOfASmallTask) {
  Example example;
  const EvalReport report = evaluate_baselines(example.write(), "test");
  EXPECT_EQ(report.task.queries_without_qrels, 1);
  const SystemResult& bm25 = report.system("bm25");
  EXPECT_EQ(bm25.per_query.at("q1").at("ndcg_at_5"), 1.0);
  EXPECT_EQ(bm25.per_query.at("q3").at("ndcg_at_5"), 0.0) << "no common word";
  EXPECT_EQ(bm25.per_query.size(), 3u);
  EXPECT_NEAR(report.system("random").mean.at("hit_rate_at_1"), (0.25 + 0.5 + 0.25) / 3, 1e-12);
  EXPECT_EQ(
      summary_line("bm25", bm25, report.task),
      fmt::format("bm25 nDCG@5 {:.4f} hit@1 0.6667 queries 3 pages 4", bm25.mean.at("ndcg_at_5")));
  EXPECT_THROW(report.system("model"), Error);
}

TEST(Evaluate, ModelIsRankedByItsVectorsAndPagesCanBeReused) {
  Example example;
  const Dataset dataset = example.write();
  const auto model = tiny_model();
  const Embeddings pages = embed_pages(dataset, "test", *model, {});
  EXPECT_THAT(pages.ids, ElementsAre("doc-1", "doc-2", "doc-3", "doc-4"));
  const EvalReport report = evaluate_retrieval(dataset, "test", *model, {});
  const EvalReport reused = evaluate_retrieval(dataset, "test", *model, {}, &pages);
  EXPECT_EQ(report.system("model").run, reused.system("model").run);
  EXPECT_EQ(reused.page_seconds, 0);

  // The images of pages 1 and 4 are the same, so their scores tie: the larger id comes first.
  const auto ids = ranked_ids(report.system("model").run.at("q1"));
  EXPECT_EQ(ids.size(), 4u);
  EXPECT_EQ(std::find(ids.begin(), ids.end(), "doc-1") - std::find(ids.begin(), ids.end(), "doc-4"),
            1);
}

TEST(Evaluate, PagesOfAnotherContractOrSetAreRefused) {
  Example example;
  const Dataset dataset = example.write();
  const auto model = tiny_model();
  const Embeddings pages = embed_pages(dataset, "test", *model, {});
  for (const char* what : {"contract", "ids"}) {
    Embeddings other = pages;
    if (std::string(what) == "contract") other.contract = "0000";
    if (std::string(what) == "ids") std::swap(other.ids[0], other.ids[1]);
    try {
      evaluate_retrieval(dataset, "test", *model, {}, &other);
      ADD_FAILURE() << what << ": no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kMismatch);
    }
  }
}

TEST(Evaluate, AnImageThatIsNoneIsNamed) {
  Example example;
  example.pages[2].image = "not an image";
  const Dataset dataset = example.write();
  try {
    evaluate_retrieval(dataset, "test", *tiny_model(), {});
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kBadInput);
    EXPECT_THAT(error.what(), HasSubstr("doc-3"));
  }
}

TEST(Evaluate, TasksThatDoNotHoldTogetherAreRefused) {
  struct Case {
    const char* word;
    std::function<void(Example&)> spoil;
  };
  const std::vector<Case> cases = {
      {"no query has a judgement", [](Example& e) { e.qrels.clear(); }},
      {"page \"doc-9\"", [](Example& e) { e.qrels[0].page_id = "doc-9"; }},
      {"query \"q9\"", [](Example& e) { e.qrels[0].query_id = "q9"; }},
      {"page \"doc-1\" is there twice", [](Example& e) { e.pages[1].page_id = "doc-1"; }},
      {"query \"q1\" is there twice", [](Example& e) { e.queries[1].query_id = "q1"; }},
  };
  for (const Case& test : cases) {
    Example example;
    test.spoil(example);
    const Dataset dataset = example.write();
    try {
      load_task(dataset, "test");
      ADD_FAILURE() << test.word << ": no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kBadInput);
      EXPECT_THAT(error.what(), HasSubstr(test.word));
    }
  }
}

TEST(Report, FilesHoldWhatWasMeasured) {
  Example example;
  const Dataset dataset = example.write();
  const EvalReport report = evaluate_retrieval(dataset, "test", *tiny_model(), {});
  const TemporaryDirectory output;
  write_report(output.path() / "a", report);
  write_report(output.path() / "b", evaluate_retrieval(dataset, "test", *tiny_model(), {}));
  for (const char* name : {"results.json", "per_query.jsonl", "per_query.bm25.jsonl",
                           "per_query.random.jsonl", "run.trec", "run.bm25.trec"}) {
    EXPECT_EQ(read_file(output.path() / "a" / name), read_file(output.path() / "b" / name)) << name;
  }
  const Json results = read_json(output.path() / "a/results.json");
  const Json& scores = results.at("scores").at("test").at(0);
  EXPECT_EQ(scores.at("main_score"), scores.at("ndcg_at_5"));
  EXPECT_EQ(scores.at("hit_rate_at_1"), report.system("model").mean.at("hit_rate_at_1"));
  EXPECT_EQ(results.at("recto").at("contract"), report.contract);
  EXPECT_EQ(results.at("recto").at("systems").at("bm25").at("by_kind").at("question").at("queries"),
            1);
  // The run file alone gives the same metrics.
  const auto again =
      mean_metrics(run_metrics(report.task.qrels, read_run(output.path() / "a/run.trec")));
  for (const auto& [name, value] : report.system("model").mean) {
    EXPECT_DOUBLE_EQ(again.at(name), value) << name;
  }
  EXPECT_THROW(write_report(output.path() / "a", report), Error) << "it exists";
}

}  // namespace
}  // namespace recto
