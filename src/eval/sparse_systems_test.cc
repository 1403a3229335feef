#include "eval/sparse_systems.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "base/file.h"
#include "engine/cpu_embedder.h"
#include "engine/embed_pipeline.h"
#include "eval/evaluate.h"
#include "model/sparse_text.h"
#include "search/sparse_search.h"
#include "support/golden_tokenizers.h"
#include "support/sparse_model.h"

namespace recto {
namespace {
namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::vector<std::string> kTexts = {"the cat sat on the mat", "the dogs bark at night",
                                         "the invoices and amounts", "the page about nothing"};

/// Four pages of one document, two queries.
RetrievalTask example_task() {
  RetrievalTask task;
  task.name = "example";
  task.split = "test";
  for (size_t i = 0; i < kTexts.size(); ++i) {
    task.page_ids.push_back("doc-" + std::to_string(i + 1));
    task.page_texts.push_back(kTexts[i]);
    task.pages.push_back({"doc", "", static_cast<int>(i) + 1});
  }
  task.queries = {{"q1", "dogs at night", "en", "heading", "m", "1"},
                  {"q2", "the invoices", "en", "heading", "m", "1"}};
  task.qrels = {{"q1", {{"doc-2", 1}}}, {"q2", {{"doc-3", 1}}}};
  return task;
}

/// Page i and query q have the unit vectors e_i and e_{of[q]}.
Matrix unit_vectors(const std::vector<int>& of) {
  Matrix out(std::ssize(of), 4);
  for (size_t i = 0; i < of.size(); ++i) out.row(static_cast<int64_t>(i))[of[i]] = 1;
  return out;
}

TEST(SparseSystems, ATextIsFoundByItsTokensAndRanksAreFused) {
  const RetrievalTask task = example_task();
  const Tokenizer tokenizer = Tokenizer::parse(test::golden_tokenizer_json("smollm2"), "smollm2");
  std::vector<SparseVector> pages;
  for (const std::string& text : kTexts) pages.push_back(sparse_text(tokenizer, text));
  Contract contract;
  contract.sparse.emplace();
  // The dense vectors are right about the second query alone.
  const Matrix dense_pages = unit_vectors({0, 1, 2, 3}), dense_queries = unit_vectors({0, 2});
  const auto systems =
      rank_sparse(task, tokenizer, {dense_pages, dense_queries, pages, contract}, 1, "m");
  ASSERT_EQ(systems.size(), 3u);
  const SystemResult &sparse = systems[0], &fused = systems[1], &added = systems[2];
  EXPECT_EQ(sparse.name, "m-sparse");
  EXPECT_EQ(sparse.mean.at("hit_rate_at_1"), 1);
  EXPECT_EQ(sparse.run.at("q1").front().id, "doc-2");
  EXPECT_EQ(sparse.within.at("hit_rate_at_1"), 1);
  EXPECT_EQ(sparse.run.at("q1").size(), 1u) << "no other page shares a telling token";
  EXPECT_GT(sparse.cost.bytes_per_page, 0);
  EXPECT_EQ(fused.name, "m-fused");
  EXPECT_THAT(fused.description, HasSubstr("k = 60"));
  EXPECT_EQ(fused.run.at("q2").front().id, "doc-3");
  EXPECT_NEAR(fused.run.at("q2").front().score, 2.0 / 61, 1e-6);
  // doc-2: last of the dense ranking by its id, first of the sparse one.
  EXPECT_EQ(fused.run.at("q1").front().id, "doc-2");
  EXPECT_EQ(fused.run.at("q1").size(), 4u);
  EXPECT_EQ(fused.within.at("hit_rate_at_1"), 1);
  EXPECT_EQ(added.name, "m-added");
  EXPECT_EQ(added.run.at("q2").front().id, "doc-3");
  EXPECT_NEAR(added.run.at("q2").front().score, 1 + sparse.run.at("q2").front().score / 2, 1e-6);
  // doc-1 has the dense score 1, doc-2 the least one, 0, and half of what the sparse ranking says.
  EXPECT_EQ(added.run.at("q1").size(), 4u);
  std::map<std::string, double> scores;
  for (const ScoredId& hit : added.run.at("q1")) scores[hit.id] = hit.score;
  EXPECT_NEAR(scores.at("doc-1"), 1, 1e-6);
  EXPECT_NEAR(scores.at("doc-2"), sparse.run.at("q1").front().score / 2, 1e-6);
  EXPECT_EQ(added.within.count("hit_rate_at_1"), 1u);
  contract.pooling = Pooling::kVocabulary;
  const auto weighted =
      rank_sparse(task, tokenizer, {dense_pages, dense_queries, pages, contract}, 1, "m");
  EXPECT_NEAR(weighted[1].run.at("q2").front().score, 4.0 / 61, 1e-6) << "1 and 3";
  EXPECT_THAT(weighted[1].description, HasSubstr("weights 1 and 3"));
}

TEST(SparseSystems, TheGainOfThePagesIsThatOfTheirIdf) {
  const RetrievalTask task = example_task();
  const Tokenizer tokenizer = Tokenizer::parse(test::golden_tokenizer_json("smollm2"), "smollm2");
  const Matrix dense_pages = unit_vectors({0, 1, 2, 3}), dense_queries = unit_vectors({0, 2});
  for (const int gain : {1, 16}) {
    std::vector<SparseVector> pages;
    for (const std::string& text : kTexts) pages.push_back(sparse_text(tokenizer, text, gain));
    Contract contract;
    contract.sparse = SparseOutput{};
    contract.sparse->gain = gain;
    const auto systems =
        rank_sparse(task, tokenizer, {dense_pages, dense_queries, pages, contract}, 1, "m");
    const SparseSearch search(task.page_ids, pages, gain);
    for (const QueryRow& query : task.queries) {
      const Neighbour best = search.search(sparse_text(tokenizer, query.query), 1).at(0);
      const ScoredId& found = systems[0].run.at(query.query_id).front();
      EXPECT_EQ(found.id, task.page_ids[static_cast<size_t>(best.row)]);
      EXPECT_EQ(found.score, double{best.score}) << gain;
    }
  }
}

// A passage is one of the pages, a query is not.
TEST(SparseSystems, APassageHasTheGainOfThePages) {
  const TemporaryDirectory directory;
  const fs::path path = directory.path() / "model";
  test::copy_sparse_model("tiny-smolvlm", path);
  Contract contract = ModelDirectory::open(path)->contract();
  contract.sparse->gain = 16;
  write_contract(path, contract);
  const auto embedder = make_cpu_embedder(ModelDirectory::open(path));
  std::vector<EmbedItem> items(2);
  items[0].query = items[1].passage = "the page of the book";
  std::vector<SparseVector> found;
  embed_all(*embedder, items, {.sparse = true},
            [&](const EmbeddedRow& row) { found.push_back(*row.sparse); });
  const Tokenizer& tokenizer = embedder->model().tokenizer();
  EXPECT_THAT(found, ElementsAre(sparse_text(tokenizer, *items[0].query),
                                 sparse_text(tokenizer, *items[0].query, 16)));
}

TEST(SparseSystems, AModelWithBothOutputsIsFourSystems) {
  const TemporaryDirectory directory;
  test::copy_sparse_model("tiny-smolvlm", directory.path() / "model");
  const fs::path images = test::source_directory() / "tests/goldens/models/tiny-smolvlm-goldens";
  {
    DatasetWriter writer(directory.path() / "data");
    for (int i = 1; i <= 3; ++i) {
      PageRow page;
      page.document_id = "doc";
      page.page_number = i;
      page.page_id = "doc-" + std::to_string(i);
      page.image = read_file(images / "images" / fmt::format("img{}.png", i - 1));
      page.text = kTexts[static_cast<size_t>(i)];
      writer.add("test", page);
    }
    writer.add("test", QueryRow{"q1", "dogs", "en", "heading", "m", "1"});
    writer.add("test", QrelRow{"q1", "doc-1", 1});
    writer.finish(Json::object(), "");
  }
  const Dataset dataset = Dataset::open(directory.path() / "data");
  const auto embedder = make_cpu_embedder(ModelDirectory::open(directory.path() / "model"));
  const EvalReport report = evaluate_retrieval(dataset, "test", *embedder, {});
  std::vector<std::string> names;
  for (const SystemResult& system : report.systems) names.push_back(system.name);
  EXPECT_THAT(names,
              ElementsAre("model", "model-sparse", "model-fused", "model-added", "bm25", "random"));
  EXPECT_EQ(report.rival()->name, "bm25");
  EXPECT_EQ(report.system("model-fused").run.at("q1").size(), 3u);
}

}  // namespace
}  // namespace recto
