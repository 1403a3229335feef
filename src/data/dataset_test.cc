#include "data/dataset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/sha256.h"
#include "data/parquet.h"
#include "data/shards.h"
#include "data/tables.h"
#include "support/errors.h"
#include "support/support.h"

namespace recto {
namespace {
namespace fs = std::filesystem;
using test::error_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// A real image: the smallest PNG of the repository's golden set, and one that takes some pages.
std::string picture(const char* name) {
  return read_file(test::source_directory() / "tests/goldens/images/src" / name);
}

PageRow page(const std::string& document, int number, const std::string& image) {
  PageRow row;
  row.page_id = document + "-" + std::to_string(number);
  row.document_id = document;
  row.page_number = number;
  row.image = image;
  row.width = 16;
  row.height = 32;
  row.text = "Zeile eins\nénergie 日本語";
  row.text_source = "text_layer";
  row.language = "de";
  return row;
}

void write_example(const fs::path& directory, int pages = 3) {
  DatasetWriter writer(directory);
  for (const char* split : {"train", "test"}) {
    const std::string id = std::string(split) + "-document";
    writer.add(split, DocumentRow{id, "a.pdf", "Title", "GPL", "https://example.org/a.pdf",
                                  "pdfTeX", pages, "de", id, split});
    for (int i = 1; i <= pages; ++i) writer.add(split, page(id, i, picture("tiny_16x32.png")));
    writer.add(split, QueryRow{"q1", "what?", "en", "heading", "outline", "1"});
    writer.add(split, QrelRow{"q1", id + "-1", 1});
  }
  writer.add("train", NegativeRow{"q1", "train-document-2", 1, 0.5f, "bm25"});
  writer.add("audit", AuditRow{"b.pdf", "ingest", "dropped", "encrypted", 0, 0});
  writer.finish({{"settings", {{"longest_edge", 2048}}}}, "# Example\n");
}

TEST(Dataset, ReadsWhatWasWritten) {
  const TemporaryDirectory directory;
  write_example(directory.path());
  const Dataset dataset = Dataset::open(directory.path());
  EXPECT_THAT(dataset.splits(), ElementsAre("test", "train"));
  EXPECT_EQ(dataset.manifest()["counts"]["pages"]["train"], 3);
  EXPECT_EQ(dataset.manifest()["settings"]["longest_edge"], 2048);

  const auto documents = dataset.documents("train");
  ASSERT_EQ(documents.size(), 1u);
  EXPECT_EQ(documents[0].producer, "pdfTeX");
  EXPECT_EQ(documents[0].pages, 3);

  const auto pages = dataset.pages("test");
  ASSERT_EQ(pages.size(), 3u);
  EXPECT_EQ(pages[1].page_id, "test-document-2");
  EXPECT_EQ(pages[1].text, "Zeile eins\nénergie 日本語");
  EXPECT_TRUE(pages[1].image.empty());

  int seen = 0;
  dataset.for_each_page("test", [&](PageRow&& row) {
    EXPECT_EQ(row.image, picture("tiny_16x32.png"));
    EXPECT_EQ(row.page_number, ++seen);
  });
  EXPECT_EQ(seen, 3);
  EXPECT_EQ(dataset.image("test", "test-document-3"), picture("tiny_16x32.png"));
  EXPECT_EQ(dataset.queries("train")[0].query, "what?");
  EXPECT_EQ(dataset.qrels("train")[0].page_id, "train-document-1");
  EXPECT_EQ(dataset.negatives("train")[0].score, 0.5f);
  EXPECT_TRUE(dataset.negatives("test").empty()) << "a split may lack a table";
}

TEST(Dataset, PagesWithoutAnImageAreFound) {
  const TemporaryDirectory directory;
  DatasetWriter writer(directory.path());
  const std::string image = picture("tiny_16x32.png");
  for (int i = 1; i <= 300; ++i) writer.add("train", page("d", i, i % 100 == 7 ? "" : image));
  writer.add("test", page("t", 1, image));
  writer.finish({}, "");
  const Dataset dataset = Dataset::open(directory.path());
  EXPECT_THAT(dataset.pages_without_image("train"), ElementsAre("d-7", "d-107", "d-207"));
  EXPECT_THAT(dataset.pages_without_image("test"), ElementsAre());
}

TEST(Dataset, SameRowsGiveTheSameBytesAndTheManifestHoldsTheirHashes) {
  const TemporaryDirectory first;
  const TemporaryDirectory second;
  write_example(first.path());
  write_example(second.path());
  const Json manifest = read_json(first.path() / "manifest.json");
  for (const auto& [table, splits] : manifest["tables"].items()) {
    for (const auto& [split, files] : splits.items()) {
      for (const Json& file : files) {
        const std::string path = file["path"];
        EXPECT_EQ(sha256_file(first.path() / path), file["sha256"]) << path;
        EXPECT_EQ(read_file(first.path() / path), read_file(second.path() / path)) << path;
      }
    }
  }
  for (const char* name : {"manifest.json", "README.md"}) {
    EXPECT_EQ(read_file(first.path() / name), read_file(second.path() / name)) << name;
  }
}

TEST(Dataset, PageGroupsAreSmallAndTheOrderOfManyPagesIsKept) {
  const TemporaryDirectory directory;
  write_example(directory.path(), 250);
  const ParquetFile file(directory.path() / "pages/train-00000-of-00001.parquet");
  EXPECT_EQ(file.groups(), 3);
  EXPECT_EQ(file.group_rows(0), 100);
  const Dataset dataset = Dataset::open(directory.path());
  const auto pages = dataset.pages("train");
  for (size_t i = 0; i < pages.size(); ++i)
    EXPECT_EQ(pages[i].page_number, static_cast<int>(i + 1));
  EXPECT_EQ(dataset.image("train", "train-document-201"), picture("tiny_16x32.png"));
}

TEST(Dataset, PagesOfOneSplitAtATimeAreCollectedAndKeepTheirOrder) {
  const TemporaryDirectory directory;
  DatasetWriter writer(directory.path());
  const std::string image = picture("tiny_16x32.png");
  for (const int number : {1, 2, 3}) {
    writer.add("train", page("a", number, image));
    writer.add("test", page("b", number, image));
  }
  writer.add("train", QueryRow{"q-1", "a valve", "en", "heading", "outline", "1"});
  writer.finish_small_tables();
  for (const int number : {4, 5}) writer.add("train", page("a", number, image));
  writer.finish({{"name", "example"}}, "");
  const ParquetFile file(directory.path() / "pages/train-00000-of-00001.parquet");
  EXPECT_EQ(file.groups(), 4) << "the first three ended where a page of the other split came";
  EXPECT_EQ(file.group_rows(3), 2);
  const Dataset dataset = Dataset::open(directory.path());
  for (const auto& [split, count] : {std::pair{"train", 5}, std::pair{"test", 3}}) {
    const auto pages = dataset.pages(split);
    ASSERT_EQ(std::ssize(pages), count);
    for (int i = 0; i < count; ++i) EXPECT_EQ(pages[i].page_number, i + 1);
  }
  EXPECT_EQ(dataset.queries("train").size(), 1U);
  EXPECT_EQ(dataset.manifest().at("counts").at("queries").at("train"), 1);
}

TEST(Dataset, AShardHasAtMostFiftyRowGroups) {
  const TemporaryDirectory directory;
  ShardWriter writer(directory.path() / "pages", "train", Table<PageRow>::columns(),
                     {.group_rows = 2});
  const std::string image = picture("tiny_16x32.png");
  for (int i = 1; i <= 101; ++i) writer.append(Table<PageRow>::to_row(page("d", i, image)));
  const auto shards = writer.finish();
  ASSERT_EQ(shards.size(), 2U);
  EXPECT_EQ(shards[0].rows, 100);
  EXPECT_EQ(shards[1].rows, 1);
}

TEST(Dataset, ShardsStayBelowTheLimitAndReadAsOne) {
  const TemporaryDirectory directory;
  const std::string image = picture("page_a4_620x877.png");
  constexpr int64_t kLimit = 400'000;
  ShardWriter writer(directory.path() / "pages", "train", Table<PageRow>::columns(), {100, 1 << 20},
                     kLimit);
  constexpr int kPages = 60;
  for (int i = 1; i <= kPages; ++i) writer.append(Table<PageRow>::to_row(page("d", i, image)));
  const auto shards = writer.finish();
  ASSERT_GT(shards.size(), 1u);
  for (const Shard& shard : shards) EXPECT_LE(shard.bytes, kLimit) << shard.name;
  const Dataset dataset = Dataset::open(directory.path());
  const auto pages = dataset.pages("train");
  ASSERT_EQ(pages.size(), static_cast<size_t>(kPages));
  for (int i = 0; i < kPages; ++i) EXPECT_EQ(pages[i].page_number, i + 1);
  EXPECT_EQ(dataset.image("train", "d-60"), image);
}

TEST(Dataset, TextThatIsNotUtf8IsRepaired) {
  const TemporaryDirectory directory;
  DatasetWriter writer(directory.path());
  PageRow row = page("d", 1, picture("tiny_16x32.png"));
  row.text = "caf\xE9";
  writer.add("train", row);
  writer.finish(Json::object(), "");
  EXPECT_EQ(Dataset::open(directory.path()).pages("train")[0].text, "caf\xEF\xBF\xBD");
}

TEST(Dataset, WhatIsWrongIsNamed) {
  struct Case {
    const char* name;
    std::function<void(const fs::path&)> spoil;
    std::function<void(const fs::path&)> use;
    ErrorCode code;
    std::vector<std::string> words;
  };
  const auto open = [](const fs::path& path) { Dataset::open(path); };
  const fs::path pages = "pages/train-00000-of-00001.parquet";
  const std::vector<Case> cases = {
      {"no directory",
       [](const fs::path& d) { fs::remove_all(d / "pages"); },
       [](const fs::path& d) { Dataset::open(d / "absent"); },
       ErrorCode::kNotFound,
       {"absent"}},
      {"no pages",
       [](const fs::path& d) {
         fs::remove_all(d / "pages");
         fs::remove(d / "manifest.json");
       },
       open,
       ErrorCode::kNotFound,
       {"table pages"}},
      {"a file of the manifest is missing",
       [](const fs::path& d) { fs::remove_all(d / "queries"); },
       open,
       ErrorCode::kNotFound,
       {"queries", "manifest.json"}},
      {"a shard is missing",
       [&](const fs::path& d) {
         fs::remove(d / "manifest.json");
         fs::rename(d / pages, d / "pages/train-00001-of-00002.parquet");
       },
       open,
       ErrorCode::kNotFound,
       {"train-00000-of-00002.parquet"}},
      {"truncated",
       [&](const fs::path& d) { fs::resize_file(d / pages, 700); },
       open,
       ErrorCode::kBadInput,
       {"train-00000-of-00001.parquet"}},
      {"not Parquet",
       [&](const fs::path& d) { write_file(d / pages, "hello, I am a text file"); },
       open,
       ErrorCode::kBadInput,
       {"train-00000-of-00001.parquet"}},
      {"empty file",
       [&](const fs::path& d) { write_file(d / pages, ""); },
       open,
       ErrorCode::kBadInput,
       {"train-00000-of-00001.parquet", "0 bytes"}},
      {"a column is missing",
       [&](const fs::path& d) {
         ParquetWriter writer(d / pages, {{"page_id", ColumnType::kString}}, {});
         writer.append({std::string("p")});
         writer.close();
       },
       open,
       ErrorCode::kBadInput,
       {"train-00000-of-00001.parquet", "\"document_id\"", "missing"}},
      {"a column has another type",
       [](const fs::path& d) {
         ParquetWriter writer(d / "qrels/train-00000-of-00001.parquet",
                              {{"query_id", ColumnType::kString},
                               {"page_id", ColumnType::kString},
                               {"score", ColumnType::kString}},
                              {});
         writer.append({std::string("q"), std::string("p"), std::string("high")});
         writer.close();
       },
       [](const fs::path& d) { Dataset::open(d).qrels("train"); },
       ErrorCode::kBadInput,
       {"qrels", "\"score\"", "string", "integers"}},
      {"an integer is too wide",
       [](const fs::path& d) {
         ParquetWriter writer(d / "qrels/train-00000-of-00001.parquet",
                              {{"query_id", ColumnType::kString},
                               {"page_id", ColumnType::kString},
                               {"score", ColumnType::kInt64}},
                              {});
         writer.append({std::string("q"), std::string("p"), int64_t{1} << 40});
         writer.close();
       },
       [](const fs::path& d) { Dataset::open(d).qrels("train"); },
       ErrorCode::kBadInput,
       {"\"score\"", "32 bits"}},
      {"unknown split",
       [](const fs::path&) {},
       [](const fs::path& d) { Dataset::open(d).pages("dev"); },
       ErrorCode::kNotFound,
       {"\"dev\"", "test, train"}},
      {"unknown page",
       [](const fs::path&) {},
       [](const fs::path& d) { Dataset::open(d).image("train", "nope-1"); },
       ErrorCode::kNotFound,
       {"nope-1"}},
      {"another manifest",
       [](const fs::path& d) { write_file(d / "manifest.json", "{\"format\":\"other\"}"); },
       open,
       ErrorCode::kBadInput,
       {"manifest.json"}},
      {"a newer manifest",
       [](const fs::path& d) {
         write_file(d / "manifest.json", "{\"format\":\"recto-dataset\",\"format_version\":9}");
       },
       open,
       ErrorCode::kUnsupported,
       {"format_version 9"}},
  };
  for (const Case& test : cases) {
    SCOPED_TRACE(test.name);
    const TemporaryDirectory directory;
    write_example(directory.path());
    test.spoil(directory.path());
    const std::string message = error_of([&] { test.use(directory.path()); }, test.code);
    for (const std::string& word : test.words) EXPECT_THAT(message, HasSubstr(word));
  }
}

TEST(Dataset, DamagedBytesAnywhereNeverCrash) {
  const TemporaryDirectory directory;
  write_example(directory.path());
  const fs::path path = directory.path() / "pages/train-00000-of-00001.parquet";
  const std::string whole = read_file(path);
  int errors = 0;
  for (size_t at = 0; at < whole.size(); at += 37) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x55);
    write_file(path, damaged);
    try {
      const Dataset dataset = Dataset::open(directory.path());
      dataset.for_each_page("train", [](PageRow&&) {});
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kBadInput) << error.what();
      ++errors;
    }
  }
  EXPECT_GT(errors, 0);
}

TEST(DatasetWriter, RefusesASplitNameThatDatasetsWouldNotRead) {
  const TemporaryDirectory directory;
  DatasetWriter writer(directory.path());
  error_of([&] { writer.add("my split", QrelRow{"q", "p", 1}); }, ErrorCode::kUsage);
}

TEST(DatasetWriter, FullDiskIsNamed) {
  if (!fs::exists("/dev/full")) GTEST_SKIP() << "no /dev/full on this system";
  const std::string message = error_of(
      [] {
        ParquetWriter writer("/dev/full", {{"a", ColumnType::kString}}, {1, 1 << 20});
        for (int i = 0; i < 10'000; ++i) writer.append({std::to_string(i)});
        writer.close();
      },
      ErrorCode::kIo);
  EXPECT_THAT(message, HasSubstr("/dev/full"));
}

constexpr const char* kPythonCheck = R"(
import json, sys
import datasets, pyarrow.parquet as pq
datasets.disable_progress_bars()
root, cache = sys.argv[1], sys.argv[2]
pages = datasets.load_dataset(root, "pages", cache_dir=cache)
assert set(pages) == {"train", "test"}, pages
assert isinstance(pages["train"].features["image"], datasets.Image), pages["train"].features
row = pages["train"][0]
assert row["image"].size == (16, 32), row["image"]
assert row["image"].getpixel((0, 0)) is not None
assert row["page_number"] == 1 and row["language"] == "de", row
for table in ["documents", "queries", "qrels", "negatives", "audit"]:
    loaded = datasets.load_dataset(root, table, cache_dir=cache)
    assert all(len(split) == 1 for split in loaded.values()), loaded
assert datasets.load_dataset(root, cache_dir=cache)["train"].features == pages["train"].features
one = datasets.Dataset.from_parquet(root + "/pages/test-00000-of-00001.parquet", cache_dir=cache)
assert isinstance(one.features["image"], datasets.Image), one.features
file = pq.ParquetFile(root + "/pages/train-00000-of-00001.parquet")
assert "info" in json.loads(file.metadata.metadata[b"huggingface"])
for i in range(file.metadata.num_columns):
    column = file.metadata.row_group(0).column(i)
    if column.path_in_schema.startswith("image."):
        assert column.compression == "UNCOMPRESSED", column
        assert not any("DICTIONARY" in e for e in column.encodings), column
        assert "PLAIN" in column.encodings, column
    else:
        assert column.compression == "ZSTD", column
    assert column.has_offset_index, column
print("checked")
)";

TEST(Dataset, PythonDatasetsLoadsItWithImages) {
  if (!fs::exists(test::python())) GTEST_SKIP() << "no Python environment";
  const TemporaryDirectory directory;
  const fs::path dataset = directory.path() / "dataset";
  fs::create_directory(dataset);
  write_example(dataset);
  write_file(directory.path() / "check.py", kPythonCheck);
  const auto result = test::run_command(
      fmt::format("HF_HUB_OFFLINE=1 HF_HOME='{0}/home' '{1}' '{0}/check.py' '{2}' '{0}/cache'",
                  directory.path().string(), test::python().string(), dataset.string()));
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("checked"));
}

}  // namespace
}  // namespace recto
