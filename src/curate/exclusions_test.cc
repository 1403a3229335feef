#include "curate/exclusions.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "base/error.h"
#include "base/file.h"
#include "data/dataset.h"
#include "data/parquet.h"
#include "page/decode.h"
#include "page/encode.h"
#include "page/resize.h"
#include "support/support.h"

namespace recto {
namespace {
namespace fs = std::filesystem;
using ::testing::HasSubstr;

std::string picture(const char* name) {
  return read_file(test::source_directory() / "tests/goldens/images/src" / name);
}

Image decoded(const std::string& bytes) { return decode_image(as_bytes(bytes), "picture"); }

/// A text of `count` words that begins with word number `first`.
std::string words(int first, int count) {
  std::string out;
  for (int i = first; i < first + count; ++i) out += fmt::format("word{} ", i);
  return out;
}

PerceptualHash flipped(PerceptualHash hash, int bits) {
  for (int i = 0; i < bits; ++i) hash[i % 4] ^= uint64_t{1} << (i / 4);
  return hash;
}

void write_table(const fs::path& path, const std::vector<Column>& columns,
                 const std::vector<Row>& rows) {
  fs::create_directories(path.parent_path());
  ParquetWriter writer(path, columns, {});
  for (const Row& row : rows) writer.append(row);
  writer.close();
}

class ExclusionsTest : public ::testing::Test {
 protected:
  Exclusions load(const std::vector<fs::path>& names) const {
    std::vector<fs::path> paths;
    for (const fs::path& name : names) paths.push_back(dir() / name);
    ExclusionSettings settings;
    settings.threads = 2;
    return Exclusions::load(paths, settings);
  }
  fs::path dir() const { return directory_.path(); }

  bool drops(const Exclusions& exclusions, const std::string& query) {
    return exclusions.check_query(tokenizer_, query).has_value();
  }

  TemporaryDirectory directory_;
  WordTokenizer tokenizer_;
  PerceptualHash page_hash_ = perceptual_hash(decoded(picture("page_a4_620x877.png")));
};

TEST_F(ExclusionsTest, HashLists) {
  const std::string document(64, 'a');
  write_file(dir() / "list.txt",
             fmt::format("\xEF\xBB\xBF# evaluation pages\n\n{}\r\n  phash:{}\nsha256:{}\n",
                         hash_text(page_hash_), hash_text(flipped(page_hash_, 100)),
                         std::string(64, 'A')));
  const Exclusions exclusions = load({"list.txt"});
  EXPECT_EQ(exclusions.counts().pages, 2);
  EXPECT_EQ(exclusions.counts().documents, 1);
  const PerceptualHash far = flipped(page_hash_, 50);
  EXPECT_EQ(exclusions.check_page(document, far, "")->reason, "excluded: its document");
  EXPECT_FALSE(exclusions.check_page("other", far, ""));
  EXPECT_EQ(exclusions.check_page("other", flipped(page_hash_, 24), words(0, 300)),
            (Problem{"excluded: looks like a page of an excluded set", 24, 24}));
  EXPECT_FALSE(exclusions.check_page("other", flipped(page_hash_, 25), words(0, 300)));
}

TEST_F(ExclusionsTest, PagesOfADatasetByLooksAndText) {
  fs::create_directories(dir() / "set");
  {
    DatasetWriter writer(dir() / "set");
    const std::string document(64, 'b');
    writer.add("test", DocumentRow{document, "a.pdf", "", "", "", "", 2, "en", "f", "test"});
    for (int i = 1; i <= 2; ++i) {
      PageRow page;
      page.page_id = fmt::format("{}-{}", document, i);
      page.document_id = document;
      page.page_number = i;
      page.image = picture("tiny_16x32.png");  // not looked at: the hash is stored
      page.perceptual_hash = hash_text(flipped(page_hash_, i == 1 ? 0 : 120));
      page.text = i == 1 ? words(0, 100) : words(500, 5);
      writer.add("test", page);
    }
    writer.add("test", QueryRow{"q1", "How is the pump drained?", "en", "main", "llm", "1"});
    writer.add("audit", AuditRow{"x", "file", "dropped", "y", 0, 0});
    writer.finish({}, "# Set\n");
  }
  const Exclusions exclusions = load({"set"});
  EXPECT_EQ(exclusions.counts().pages, 2);
  EXPECT_EQ(exclusions.counts().queries, 1);
  EXPECT_EQ(exclusions.counts().documents, 1);
  struct Case {
    const char* what;
    int bits;
    std::string text;
    const char* reason;  ///< null when it stays
  };
  const Case cases[] = {
      {"same text", 10, words(0, 100), "excluded: a page of an excluded set"},
      {"nearly the same text", 10, words(5, 100), "excluded: a page of an excluded set"},
      {"half of the text", 10, words(50, 100), nullptr},
      {"other text", 0, words(200, 100), nullptr},
      {"a scan", 10, "", "excluded: looks like a page of an excluded set"},
      {"same text, other looks", 40, words(0, 100), nullptr},
      {"few words on both", 120, words(900, 19), "excluded: looks like a page of an excluded set"},
      {"few words on one", 120, words(900, 20), nullptr},
  };
  for (const Case& test : cases) {
    const auto problem = exclusions.check_page("other", flipped(page_hash_, test.bits), test.text);
    EXPECT_EQ(problem ? problem->reason : "", test.reason == nullptr ? "" : test.reason)
        << test.what;
  }
  EXPECT_TRUE(exclusions.check_page(std::string(64, 'b'), flipped(page_hash_, 60), "x"));
}

TEST_F(ExclusionsTest, PicturesAreDecodedAndHashed) {
  // The same page as another size and format, as evaluation sets have it.
  const std::string page = picture("page_a4_620x877.png");
  const std::string jpeg = encode_jpeg(resize(decoded(page), 800, 1131), 80);
  fs::create_directories(dir() / "qa/data/pictures");
  write_file(dir() / "qa/data/pictures/other.png", picture("tiny_16x32.png"));
  write_table(dir() / "qa/data/test-00000-of-00001.parquet",
              {{"query"}, {"image", ColumnType::kImage}},
              {{std::string("What is drained?"), ImageCell{jpeg, "a.jpg"}},
               {std::string("What is filled?"), ImageCell{jpeg, "a.jpg"}},
               {Cell{}, ImageCell{std::nullopt, "pictures/other.png"}},
               {std::string("Nothing to see?"), Cell{}}});
  const Exclusions exclusions = load({"qa"});
  EXPECT_EQ(exclusions.counts().pages, 2) << "a repeated picture is one";
  EXPECT_EQ(exclusions.counts().queries, 3);
  EXPECT_TRUE(exclusions.check_page("d", page_hash_, words(0, 50)));
  EXPECT_FALSE(exclusions.check_page("d", flipped(page_hash_, 90), words(0, 50)));
  EXPECT_TRUE(drops(exclusions, "what is FILLED"));
}

TEST_F(ExclusionsTest, AnEmptyPageExcludesNothing) {
  const Image white{64, 96, std::vector<uint8_t>(size_t{64} * 96 * 3, 255)};
  write_table(dir() / "blank.parquet", {{"image", ColumnType::kImage}},
              {{ImageCell{encode_jpeg(white, 85), "a.jpg"}}});
  const Exclusions exclusions = load({"blank.parquet"});
  EXPECT_EQ(exclusions.counts().pages, 0);
  EXPECT_FALSE(exclusions.check_page("d", perceptual_hash(white), ""));
}

TEST_F(ExclusionsTest, LayoutsWithQueries) {
  const std::vector<Row> rows = {{std::string("Which valve drains the pump?")}};
  write_table(dir() / "mteb/queries/test.parquet", {{"text"}}, rows);
  write_table(dir() / "beir/data/queries-test.parquet", {{"query"}}, rows);
  write_table(dir() / "german/german-queries/test.parquet", {{"text"}}, rows);
  write_table(dir() / "st.parquet", {{"anchor"}, {"label"}}, {{rows[0][0], Cell{}}});
  write_table(dir() / "qa.parquet", {{"question"}}, rows);
  fs::create_directories(dir() / "jsonl");
  write_file(dir() / "jsonl/corpus.jsonl", R"({"_id": "d", "text": "Of valves"})"
                                           "\n");
  write_file(dir() / "jsonl/queries.jsonl",
             R"({"_id": "q", "text": "Which valve drains the pump?"})"
             "\n\n");
  for (const char* name :
       {"mteb", "beir", "german", "st.parquet", "qa.parquet", "jsonl", "jsonl/queries.jsonl"}) {
    const Exclusions exclusions = load({name});
    EXPECT_EQ(exclusions.counts().queries, 1) << name;
    EXPECT_TRUE(drops(exclusions, "which valve drains the pump")) << name;
  }
  EXPECT_EQ(load({"mteb", "mteb", "beir"}).counts().files, 3) << "sets may repeat each other";
}

TEST_F(ExclusionsTest, QueriesByWordsAndOverlap) {
  write_table(
      dir() / "q.parquet", {{"query"}},
      {{std::string("How often must the oil filter of the main engine be changed in winter?")},
       {std::string("Ölwechsel-Intervalle")},
       {std::string("冷却ポンプの交換手順と注意事項を教えてください")},
       {std::string("")}});
  const Exclusions exclusions = load({"q.parquet"});
  const std::vector<std::pair<const char*, bool>> cases = {
      {"how often MUST the oil filter of the main engine be changed in winter", true},
      {"Who says how often must the oil filter of the main pump be changed?", true},
      {"How often must the air filter of the main engine be changed each summer?", false},
      {"the oil filter of the main engine be", true},
      {"the oil filter of the main engine", false},
      {"olwechsel intervalle", true},
      {"Ölwechsel", false},
      {"冷却ポンプの交換手順と注意事項", true},
      {"冷却ポンプの交換", false},
      {"", false}};
  for (const auto& [query, dropped] : cases) {
    EXPECT_EQ(drops(exclusions, query), dropped) << query;
  }
}

TEST_F(ExclusionsTest, DecontaminationLeavesRows) {
  write_table(dir() / "q.parquet", {{"query"}}, {{std::string("Oil pressure limits")}});
  const Exclusions exclusions = load({"q.parquet"});
  std::vector<CorpusQuery> queries(2);
  queries[0].row = {"q1", "oil-pressure LIMITS", "en", "heading", "outline", "1"};
  queries[1].row = {"q2", "Oil pressure", "en", "heading", "outline", "1"};
  Audit audit;
  EXPECT_EQ(decontaminate(queries, exclusions, audit), 1);
  ASSERT_EQ(queries.size(), 1u);
  EXPECT_EQ(queries[0].row.query_id, "q2");
  ASSERT_EQ(audit.rows().size(), 2u);
  EXPECT_EQ(audit.rows()[0].decision, "dropped");
  EXPECT_EQ(audit.rows()[0].stage, "decontamination");
  EXPECT_EQ(audit.rows()[1].decision, "kept");
}

TEST_F(ExclusionsTest, WhatCannotBeReadIsSaid) {
  write_file(dir() / "list.txt", "\nnot a hash\n");
  write_file(dir() / "empty.txt", "# nothing\n");
  write_file(dir() / "broken.parquet", "PAR1 and no more");
  fs::create_directories(dir() / "void");
  fs::create_directories(dir() / "wrong");
  write_file(dir() / "wrong/queries.jsonl", "{\"_id\": \"q\"}\n");
  write_table(dir() / "other.parquet", {{"number", ColumnType::kInt64}}, {{int64_t{1}}});
  write_table(dir() / "bad/test.parquet", {{"image", ColumnType::kImage}},
              {{ImageCell{picture("tiny_16x32.png"), "a.png"}},
               {ImageCell{std::string("no picture"), "b.png"}}});
  write_table(dir() / "away.parquet", {{"image", ColumnType::kImage}},
              {{ImageCell{std::nullopt, "nowhere.png"}}});
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"list.txt", "list.txt:2"},
      {"empty.txt", "nothing to exclude"},
      {"broken.parquet", "broken.parquet"},
      {"void", "nothing to exclude"},
      {"other.parquet", "nothing to exclude"},
      {"bad", "image of row 1"},
      {"away.parquet", "nowhere.png"},
      {"wrong", "queries.jsonl:1"},
      {"absent", "absent"}};
  for (const auto& [name, message] : cases) {
    try {
      load({name});
      ADD_FAILURE() << name << ": no error";
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr(message));
    }
  }
}

}  // namespace
}  // namespace recto
