#include "data/table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/file.h"
#include "base/json.h"
#include "data/parquet.h"
#include "support/support.h"

namespace recto {
namespace {
namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<EmbedRow> rows_of(const fs::path& file) {
  std::vector<EmbedRow> rows;
  for_each_embed_row(file, [&](EmbedRow&& row) { rows.push_back(std::move(row)); });
  return rows;
}

TEST(EmbedRows, JsonLinesOfEveryKind) {
  const TemporaryDirectory directory;
  const fs::path file = directory.path() / "in.jsonl";
  write_file(directory.path() / "here.png", "x");
  write_file(file,
             "\xEF\xBB\xBF{\"id\":\"a\",\"query\":\"ünï\"}\r\n"
             "\n"
             "{\"id\":7,\"image\":\"here.png\"}\n"
             "{\"id\":\"b\",\"pdf\":\"/x/y.pdf\",\"page\":3,\"other\":[1]}\n"
             "{\"id\":\"c\",\"passage\":\"\",\"query\":null}\n"
             "{\"id\":\"d\",\"image\":\"elsewhere.png\",\"text\":\"caption\"}\n"
             "{\"id\":\"e\",\"query\":\"what?\",\"image\":\"/abs.png\"}");
  const auto rows = rows_of(file);
  ASSERT_EQ(rows.size(), 6u);
  EXPECT_EQ(*rows[0].query, "ünï");
  EXPECT_EQ(rows[1].id, "7");
  EXPECT_EQ(rows[1].image_path, directory.path() / "here.png");
  EXPECT_EQ(rows[2].pdf, "/x/y.pdf");
  EXPECT_EQ(rows[2].page, 3);
  EXPECT_EQ(rows[2].where, file.string() + ":4");
  EXPECT_EQ(*rows[3].passage, "");
  EXPECT_FALSE(rows[3].query);
  EXPECT_EQ(rows[4].image_path, "elsewhere.png");
  EXPECT_EQ(*rows[4].text, "caption");
  EXPECT_EQ(*rows[5].query, "what?");
}

struct BadLine {
  const char* line;
  const char* word;
};

class EmbedRowErrors : public ::testing::TestWithParam<BadLine> {};

TEST_P(EmbedRowErrors, NameFileLineAndField) {
  const TemporaryDirectory directory;
  const fs::path file = directory.path() / "in.jsonl";
  write_file(file, std::string("{\"id\":\"good\",\"query\":\"x\"}\n") + GetParam().line + "\n" +
                       "{\"id\":\"last\",\"query\":\"y\"}\n");
  try {
    rows_of(file);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kBadInput);
    EXPECT_THAT(error.what(), HasSubstr(file.string() + ":2"));
    EXPECT_THAT(error.what(), HasSubstr(GetParam().word));
  }
  std::vector<std::string> good;
  int bad = 0;
  for_each_embed_row(
      file, [&](EmbedRow&& row) { good.push_back(row.id); }, [&](const Error&) { ++bad; });
  EXPECT_THAT(good, ElementsAre("good", "last"));
  EXPECT_EQ(bad, 1);
}

INSTANTIATE_TEST_SUITE_P(
    Lines, EmbedRowErrors,
    ::testing::Values(
        BadLine{"{\"id\":\"a\",", "JSON"}, BadLine{"[1]", "object"},
        BadLine{"{\"query\":\"x\"}", "id"}, BadLine{"{\"id\":1.5,\"query\":\"x\"}", "id"},
        BadLine{"{\"id\":\"a\"}", "none of query"}, BadLine{"{\"id\":\"a\",\"query\":3}", "query"},
        BadLine{"{\"id\":\"a\",\"query\":\"\xFF\"}", "UTF-8"},
        BadLine{"{\"id\":\"a\",\"pdf\":\"x.pdf\"}", "page"},
        BadLine{"{\"id\":\"a\",\"pdf\":\"x.pdf\",\"page\":0}", "page"},
        BadLine{"{\"id\":\"a\",\"pdf\":\"x.pdf\",\"page\":\"1\"}", "page"},
        BadLine{"{\"id\":\"a\",\"query\":\"x\",\"page\":1}", "page"},
        BadLine{"{\"id\":\"a\",\"query\":\"x\",\"passage\":\"y\"}", "passage"},
        BadLine{"{\"id\":\"a\",\"image\":\"x\",\"pdf\":\"y\",\"page\":1}", "pdf"},
        BadLine{"{\"id\":\"a\",\"text\":\"x\"}", "none of query"},
        BadLine{"{\"id\":\"a\",\"image\":\"x\",\"query\":\"y\",\"text\":\"z\"}", "text"}));

TEST(EmbedRows, ParquetWithImages) {
  const TemporaryDirectory directory;
  const fs::path file = directory.path() / "in.parquet";
  ParquetWriter writer(file,
                       {{"id", ColumnType::kInt64},
                        {"query", ColumnType::kString},
                        {"image", ColumnType::kImage},
                        {"unrelated", ColumnType::kDouble}},
                       {2, 1 << 20});
  writer.append({int64_t{1}, std::string("words"), std::monostate{}, 0.5});
  writer.append({int64_t{2}, std::monostate{}, ImageCell{"bytes", "x.png"}, 0.5});
  writer.append({int64_t{3}, std::monostate{}, ImageCell{std::nullopt, "/x.png"}, 0.5});
  writer.append({int64_t{4}, std::monostate{}, ImageCell{}, 0.5});
  writer.close();
  std::vector<EmbedRow> rows;
  std::vector<std::string> bad;
  for_each_embed_row(
      file, [&](EmbedRow&& row) { rows.push_back(std::move(row)); },
      [&](const Error& error) { bad.push_back(error.what()); });
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].id, "1");
  EXPECT_EQ(*rows[0].query, "words");
  EXPECT_EQ(rows[1].image_bytes, "bytes");
  EXPECT_EQ(rows[2].image_path, "/x.png");
  ASSERT_EQ(bad.size(), 1u);
  EXPECT_THAT(bad[0], HasSubstr("row 4"));
}

TEST(EmbedRows, FilesThatAreNoTable) {
  const TemporaryDirectory directory;
  write_file(directory.path() / "not.parquet", "{\"id\":\"a\",\"query\":\"x\"}\n");
  ParquetWriter writer(directory.path() / "no_id.parquet", {{"query", ColumnType::kString}}, {});
  writer.append({std::string("x")});
  writer.close();
  const std::pair<const char*, ErrorCode> cases[] = {{"absent.jsonl", ErrorCode::kNotFound},
                                                     {"absent.parquet", ErrorCode::kNotFound},
                                                     {"not.parquet", ErrorCode::kBadInput},
                                                     {"no_id.parquet", ErrorCode::kBadInput},
                                                     {"table.csv", ErrorCode::kUsage}};
  for (const auto& [name, code] : cases) {
    try {
      rows_of(directory.path() / name);
      ADD_FAILURE() << name << ": no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code) << error.what();
      EXPECT_THAT(error.what(), HasSubstr(name));
    }
  }
}

Matrix example_vectors() {
  Matrix vectors(3, 2);
  vectors.values = {0.1f, -0.25f, 1e-30f, 3.4028235e38f, -0.0f, 1.0f / 3.0f};
  return vectors;
}

const std::vector<std::string> kIds = {"a", "日本\"語", "c-1"};

class EmbeddingsFormat : public ::testing::TestWithParam<const char*> {};

TEST_P(EmbeddingsFormat, RoundTripIsExact) {
  const TemporaryDirectory directory;
  const fs::path file = directory.path() / (std::string("out") + GetParam());
  write_embeddings(file, kIds, example_vectors(), "abc123");
  const Embeddings read = read_embeddings(file);
  EXPECT_EQ(read.ids, kIds);
  EXPECT_EQ(read.contract, "abc123");
  EXPECT_EQ(read.vectors.rows, 3);
  EXPECT_EQ(read.vectors.columns, 2);
  EXPECT_EQ(read.vectors.values, example_vectors().values);
}

std::vector<SparseVector> example_sparse() {
  return {{{0, 7, 4095}, {0.1f, 1.0f / 3.0f, 1e-30f}}, {}, {{49279}, {2.5f}}};
}

TEST_P(EmbeddingsFormat, SparseVectorsStandBesideTheDenseOnes) {
  const TemporaryDirectory directory;
  const fs::path file = directory.path() / (std::string("out") + GetParam());
  write_embeddings(file, kIds, example_vectors(), "abc123", example_sparse());
  const Embeddings read = read_embeddings(file);
  EXPECT_EQ(read.vectors.values, example_vectors().values);
  EXPECT_EQ(read.contract, "abc123");
  if (holds_sparse_vectors(file)) {
    EXPECT_EQ(read.sparse, example_sparse());
  } else {
    EXPECT_STREQ(GetParam(), ".npy");
    EXPECT_TRUE(read.sparse.empty());
  }
}

TEST(Embeddings, SparseVectorsThatAreNoneAreNamed) {
  const TemporaryDirectory directory;
  const fs::path file = directory.path() / "x.jsonl";
  const char* const bad[] = {R"({"ids":[1,2],"weights":[1]})",
                             R"({"ids":[2,1],"weights":[1,1]})",
                             R"({"ids":[-1],"weights":[1]})",
                             R"({"ids":[1,1],"weights":[1,1]})",
                             R"({"ids":[1],"weights":[0]})",
                             R"({"ids":[1],"weights":["x"]})",
                             R"({"ids":[1]})",
                             R"([1])"};
  for (const char* sparse : bad) {
    SCOPED_TRACE(sparse);
    write_file(file, fmt::format(R"({{"id":"a","embedding":[1],"sparse":{}}})", sparse));
    try {
      read_embeddings(file);
      ADD_FAILURE() << "accepted";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kBadInput);
      EXPECT_THAT(error.what(), HasSubstr("x.jsonl:1: sparse"));
    }
  }
}

TEST_P(EmbeddingsFormat, ValuesThatAreNotFiniteAreRefusedAndNothingIsLeft) {
  const TemporaryDirectory directory;
  Matrix vectors = example_vectors();
  vectors.values[3] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THROW(
      write_embeddings(directory.path() / (std::string("x") + GetParam()), kIds, vectors, ""),
      Error);
  EXPECT_TRUE(fs::is_empty(directory.path()));
}

TEST_P(EmbeddingsFormat, TruncatedFilesAreErrors) {
  const TemporaryDirectory directory;
  const fs::path file = directory.path() / (std::string("out") + GetParam());
  write_embeddings(file, kIds, example_vectors(), "abc123");
  const std::string whole = read_file(file);
  for (size_t size = 0; size + 2 < whole.size(); size += 5) {
    write_file(file, whole.substr(0, size));
    try {
      const Embeddings read = read_embeddings(file);
      EXPECT_LT(read.vectors.rows, 3) << "JSON lines may end at a line";
      EXPECT_STREQ(GetParam(), ".jsonl");
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr(file.string()));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, EmbeddingsFormat,
                         ::testing::Values(".safetensors", ".npy", ".jsonl", ".parquet"));

TEST(Embeddings, OtherEndingsAreWrongUsage) {
  try {
    check_embeddings_path("vectors.csv");
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUsage);
  }
}

constexpr const char* kPythonCheck = R"(
import json, sys
import numpy as np, pyarrow.parquet as pq
from safetensors import safe_open
root = sys.argv[1]
with safe_open(root + "/v.safetensors", "np") as f:
    wanted, ids = f.get_tensor("embeddings"), json.loads(f.metadata()["ids"])
    assert f.metadata()["contract"] == "abc123" and wanted.dtype == np.float32
array = np.load(root + "/v.npy")
assert array.dtype == np.float32 and (array == wanted).all()
assert json.load(open(root + "/v.npy.ids.json")) == {"contract": "abc123", "ids": ids}
table = pq.read_table(root + "/v.parquet").to_pydict()
assert table["id"] == ids and (np.array(table["embedding"], np.float32) == wanted).all()
assert pq.read_metadata(root + "/v.parquet").metadata[b"contract"] == b"abc123"
lines = [json.loads(line) for line in open(root + "/v.jsonl")]
assert [line["id"] for line in lines] == ids and lines[0]["contract"] == "abc123"
assert (np.array([line["embedding"] for line in lines], np.float32) == wanted).all()
with safe_open(root + "/s.safetensors", "np") as f:
    offsets, ids, weights = (f.get_tensor("sparse_" + n) for n in ("offsets", "ids", "weights"))
    assert offsets.dtype == ids.dtype == np.int32 and weights.dtype == np.float32
table = pq.read_table(root + "/s.parquet").to_pydict()
lines = [json.loads(line) for line in open(root + "/s.jsonl")]
for i in range(3):
    own = slice(offsets[i], offsets[i + 1])
    assert table["sparse_ids"][i] == lines[i]["sparse"]["ids"] == ids[own].tolist()
    assert (np.array(table["sparse_weights"][i], np.float32) == weights[own]).all()
    assert (np.array(lines[i]["sparse"]["weights"], np.float32) == weights[own]).all()
print("checked")
)";

TEST(Embeddings, PythonReadsEveryFormat) {
  if (!fs::exists(test::python())) GTEST_SKIP() << "no Python environment";
  const TemporaryDirectory directory;
  for (const char* ending : {".safetensors", ".npy", ".jsonl", ".parquet"}) {
    write_embeddings(directory.path() / (std::string("v") + ending), kIds, example_vectors(),
                     "abc123");
    write_embeddings(directory.path() / (std::string("s") + ending), kIds, example_vectors(),
                     "abc123", example_sparse());
  }
  write_file(directory.path() / "check.py", kPythonCheck);
  const auto result =
      test::run_command(fmt::format("'{}' '{}/check.py' '{}'", test::python().string(),
                                    directory.path().string(), directory.path().string()));
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("checked"));
}

}  // namespace
}  // namespace recto
