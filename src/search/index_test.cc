#include "search/index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <fstream>

#include "base/error.h"
#include "base/file.h"
#include "base/random.h"
#include "search/sparse_search.h"
#include "search/sqlite.h"
#include "support/errors.h"

namespace recto {
namespace {
namespace fs = std::filesystem;
using test::error_of;
using ::testing::HasSubstr;

constexpr int kDims = 8;

Contract example_contract() {
  ViewSettings views;
  views.longest_edge = 512;
  views.tile = 256;
  Contract contract = Contract::default_for(views, kDims);
  contract.dimensions = {kDims, 4};
  return contract;
}

Matrix vectors_of(int pages, uint64_t seed) {
  Matrix vectors(pages, kDims);
  Random random(seed);
  for (int64_t r = 0; r < pages; ++r) {
    double square = 0;
    for (float& value : vectors.row(r)) {
      value = static_cast<float>(random.normal());
      square += double{value} * double{value};
    }
    for (float& value : vectors.row(r)) value /= static_cast<float>(std::sqrt(square));
  }
  return vectors;
}

std::vector<IndexPage> pages_of(int count, const std::string& name) {
  std::vector<IndexPage> pages;
  for (int i = 1; i <= count; ++i) {
    pages.push_back({i, 100, 140, "jpeg of " + name + " " + std::to_string(i), "text"});
  }
  return pages;
}

bool add(PageIndex& index, const std::string& name, int pages, uint64_t seed) {
  return index.add({"sha-" + name, name + ".pdf", "/data/" + name + ".pdf", "Title"},
                   pages_of(pages, name), vectors_of(pages, seed));
}

PageIndex make(const fs::path& directory) {
  return PageIndex::create(directory, example_contract(), kDims, {"/models/m", "weights"});
}

Matrix query_like(const Matrix& vectors, int64_t row) {
  Matrix query(1, kDims);
  const auto values = vectors.row(row);
  query.values.assign(values.begin(), values.end());
  return query;
}

TEST(PageIndex, FindsPagesWithTheirPicturesAfterReopening) {
  const TemporaryDirectory directory;
  const fs::path path = directory.path() / "index";
  {
    PageIndex index = make(path);
    EXPECT_TRUE(add(index, "a", 3, 1));
    EXPECT_TRUE(add(index, "b", 4, 2));
  }
  const PageIndex index = PageIndex::open(path);
  EXPECT_EQ(index.documents(), 2);
  EXPECT_EQ(index.pages(), 7);
  EXPECT_EQ(index.model().path, "/models/m");
  EXPECT_EQ(index.contract().hash(), example_contract().hash());
  const auto hits = index.search(query_like(vectors_of(4, 2), 2), 3, 2);
  ASSERT_EQ(hits.size(), 1u);
  ASSERT_EQ(hits[0].size(), 3u);
  const IndexHit& best = hits[0][0];
  EXPECT_EQ(best.page_id(), "sha-b-3");
  EXPECT_EQ(best.source_name, "b.pdf");
  EXPECT_EQ(best.path, "/data/b.pdf");
  EXPECT_EQ(best.title, "Title");
  EXPECT_GE(best.score, hits[0][1].score);
  EXPECT_EQ(index.page_image(best), "jpeg of b 3");
  EXPECT_EQ(index.page_text(best), "text");
}

TEST(PageIndex, AFileThatIsThereIsSkipped) {
  const TemporaryDirectory directory;
  PageIndex index = make(directory.path() / "index");
  EXPECT_TRUE(add(index, "a", 3, 1));
  EXPECT_TRUE(index.contains("sha-a"));
  EXPECT_FALSE(add(index, "a", 3, 1));
  EXPECT_EQ(index.pages(), 3);
  ASSERT_EQ(index.list_documents().size(), 1u);
  EXPECT_EQ(index.list_documents()[0].pages, 3);
}

TEST(PageIndex, AnEmptyIndexAnswers) {
  const TemporaryDirectory directory;
  const PageIndex index = make(directory.path() / "index");
  EXPECT_TRUE(index.search(vectors_of(1, 1), 5)[0].empty());
}

TEST(PageIndex, TwoWritersTakeTurns) {
  const TemporaryDirectory directory;
  PageIndex first = make(directory.path() / "index");
  PageIndex second = PageIndex::open(directory.path() / "index");
  EXPECT_TRUE(add(first, "a", 2, 1));
  EXPECT_TRUE(add(second, "b", 2, 2));
  EXPECT_FALSE(add(second, "a", 2, 1));
  EXPECT_TRUE(add(first, "c", 1, 3));
  second.refresh();
  EXPECT_EQ(second.pages(), 5);
  EXPECT_EQ(second.search(query_like(vectors_of(1, 3), 0), 1)[0][0].page_id(), "sha-c-1");
  EXPECT_EQ(first.search(query_like(vectors_of(2, 2), 1), 1)[0][0].page_id(), "sha-b-2");
}

TEST(PageIndex, FindsAPageByItsId) {
  const TemporaryDirectory directory;
  PageIndex index = make(directory.path() / "index");
  add(index, "a", 2, 1);
  add(index, "b-2", 12, 2);
  const auto hit = index.find_page("sha-b-2-11");
  ASSERT_TRUE(hit);
  EXPECT_EQ(hit->source_name, "b-2.pdf");
  EXPECT_EQ(hit->page_number, 11);
  EXPECT_EQ(index.page_image(*hit), "jpeg of b-2 11");
  for (const char* id : {"", "sha-a", "sha-a-0", "sha-a-3", "sha-a-01", "sha-c-1", "sha-a-", "-1",
                         "sha-b-2", "sha-a-1 ", "%-1"}) {
    EXPECT_FALSE(index.find_page(id)) << id;
  }
}

/// Adds documents in a child process that is killed once it has reported `additions` of them: at
/// whatever point of the next one it is by then.
void add_until_killed(const fs::path& path, int additions) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    PageIndex index = PageIndex::open(path);
    for (int i = 0;; ++i) {
      add(index, std::to_string(::getpid()) + "-" + std::to_string(i), 5, 9);
      if (::write(ends[1], "+", 1) != 1) ::_exit(1);
    }
  }
  char byte = 0;
  for (int i = 0; i < additions; ++i) EXPECT_EQ(::read(ends[0], &byte, 1), 1);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(PageIndex, KilledAtAnyMomentItIsWhole) {
  const TemporaryDirectory directory;
  const fs::path path = directory.path() / "index";
  {
    PageIndex index = make(path);
    add(index, "first", 3, 1);
  }
  for (int round = 0; round < 24; ++round) {
    add_until_killed(path, round % 4);
    PageIndex index = PageIndex::open(path);
    int64_t pages = 0;
    for (const auto& document : index.list_documents()) pages += document.pages;
    EXPECT_EQ(index.pages(), pages);
    const auto hits = index.search(query_like(vectors_of(3, 1), 1), static_cast<int>(pages))[0];
    EXPECT_EQ(std::ssize(hits), pages);
    EXPECT_EQ(hits[0].page_id(), "sha-first-2");
    for (const IndexHit& hit : hits) EXPECT_THAT(index.page_image(hit), HasSubstr("jpeg of"));
    EXPECT_TRUE(add(index, "after " + std::to_string(round), 2, 4));
  }
}

TEST(PageIndex, BytesBehindTheCommittedPartAreWrittenOver) {
  const TemporaryDirectory directory;
  const fs::path path = directory.path() / "index";
  PageIndex index = make(path);
  add(index, "a", 3, 1);
  for (const char* name : {"vectors.bin", "images.bin"}) {
    std::ofstream(path / name, std::ios::app | std::ios::binary) << "left by a killed addition";
  }
  add(index, "b", 2, 2);
  const PageIndex again = PageIndex::open(path);
  EXPECT_EQ(again.search(query_like(vectors_of(2, 2), 0), 1)[0][0].page_id(), "sha-b-1");
  EXPECT_EQ(fs::file_size(path / "vectors.bin"), 64 + 5 * kDims * sizeof(float));
}

TEST(PageIndex, AnotherContractIsNamedBesideItsOwn) {
  const TemporaryDirectory directory;
  const PageIndex index = make(directory.path() / "index");
  index.check_contract(example_contract());
  Contract other = example_contract();
  other.views.longest_edge = 1024;
  const std::string message = error_of([&] { index.check_contract(other); }, ErrorCode::kMismatch);
  EXPECT_THAT(message, HasSubstr(other.hash()));
  EXPECT_THAT(message, HasSubstr(example_contract().hash()));
}

TEST(PageIndex, VectorsOfAnotherLengthAreRefused) {
  const TemporaryDirectory directory;
  PageIndex index = make(directory.path() / "index");
  error_of([&] { index.add({"s", "n", "p", "t"}, pages_of(1, "x"), Matrix(1, kDims + 1)); },
           ErrorCode::kMismatch);
  error_of([&] { index.search(Matrix(1, kDims - 1), 1); }, ErrorCode::kMismatch);
  error_of([&] { PageIndex::create(directory.path() / "other", example_contract(), 5, {"m", ""}); },
           ErrorCode::kUsage);
  error_of([&] { make(directory.path() / "index"); }, ErrorCode::kUsage);
}

void flip(const fs::path& path, int64_t at) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(at);
  const char byte = static_cast<char>(file.get() ^ 1);
  file.seekp(at);
  file.put(byte);
}

TEST(PageIndex, DamageIsFoundAndNamed) {
  struct Case {
    const char* name;
    std::function<void(const fs::path&)> spoil;
    ErrorCode code;
    const char* word;
  };
  const std::vector<Case> cases = {
      {"no database", [](const fs::path& d) { fs::remove(d / "index.sqlite"); },
       ErrorCode::kNotFound, "recto index create"},
      {"no SQLite", [](const fs::path& d) { write_file(d / "index.sqlite", "hello"); },
       ErrorCode::kBadInput, "index.sqlite"},
      {"another SQLite file",
       [](const fs::path& d) {
         fs::remove(d / "index.sqlite");
         Database(d / "index.sqlite", Database::Mode::kCreate).execute("CREATE TABLE t(x)");
       },
       ErrorCode::kBadInput, "not the database"},
      {"newer format",
       [](const fs::path& d) {
         Database(d / "index.sqlite", Database::Mode::kReadWrite)
             .execute("PRAGMA user_version = 7");
       },
       ErrorCode::kUnsupported, "7"},
      {"no vectors", [](const fs::path& d) { fs::remove(d / "vectors.bin"); }, ErrorCode::kNotFound,
       "vectors.bin"},
      {"truncated vectors", [](const fs::path& d) { fs::resize_file(d / "vectors.bin", 64 + 20); },
       ErrorCode::kBadInput, "vectors.bin"},
      {"truncated images", [](const fs::path& d) { fs::resize_file(d / "images.bin", 70); },
       ErrorCode::kBadInput, "images.bin"},
      {"magic", [](const fs::path& d) { flip(d / "vectors.bin", 0); }, ErrorCode::kBadInput,
       "magic"},
      {"version", [](const fs::path& d) { flip(d / "vectors.bin", 8); }, ErrorCode::kUnsupported,
       "version"},
      {"header checksum", [](const fs::path& d) { flip(d / "vectors.bin", 40); },
       ErrorCode::kBadInput, "header"},
      {"a vector", [](const fs::path& d) { flip(d / "vectors.bin", 70); }, ErrorCode::kBadInput,
       "a.pdf"},
      {"a picture", [](const fs::path& d) { flip(d / "images.bin", 66); }, ErrorCode::kBadInput,
       "page 1"},
  };
  for (const Case& test : cases) {
    SCOPED_TRACE(test.name);
    const TemporaryDirectory directory;
    const fs::path path = directory.path() / "index";
    {
      PageIndex index = make(path);
      add(index, "a", 2, 1);
    }
    test.spoil(path);
    const std::string message = error_of(
        [&] {
          const PageIndex index = PageIndex::open(path);
          const auto hits = index.search(vectors_of(1, 1), 2);
          for (const IndexHit& hit : hits[0]) index.page_image(hit);
        },
        test.code);
    EXPECT_THAT(message, HasSubstr(test.word));
  }
}

Contract sparse_contract() {
  Contract contract = example_contract();
  contract.sparse = SparseOutput{.saturation = 8, .top_n = 4, .weights_sha256 = ""};
  return contract;
}

/// Page i of the n-th document has token 10 n + i, and all have token 1.
std::vector<SparseVector> sparse_of(int pages, int n) {
  std::vector<SparseVector> sparse;
  for (int i = 0; i < pages; ++i) sparse.push_back({{1, 10 * n + i}, {1.0f, 2.0f}});
  return sparse;
}

PageIndex sparse_index(const fs::path& path) {
  PageIndex index = PageIndex::create(path, sparse_contract(), kDims, {"/models/m", "weights"});
  for (int n = 1; n < 4; ++n) {
    const std::string name(1, static_cast<char>('a' + n - 1));
    index.add({"sha-" + name, name + ".pdf", "/data/" + name + ".pdf", "Title"},
              pages_of(n + 1, name), vectors_of(n + 1, static_cast<uint64_t>(n)),
              sparse_of(n + 1, n));
  }
  return index;
}

TEST(PageIndex, SparseVectorsAreFoundAfterReopeningAndWhatWasAddedLaterToo) {
  const TemporaryDirectory directory;
  const fs::path path = directory.path() / "index";
  sparse_index(path);
  PageIndex index = PageIndex::open(path);
  const auto hits = index.search_sparse({{22}, {0.7f}}, 5);
  ASSERT_EQ(hits.size(), 1u);
  EXPECT_EQ(hits[0].page_id(), "sha-b-3");
  EXPECT_EQ(hits[0].source_name, "b.pdf");
  EXPECT_TRUE(index.search_sparse({{77}, {0.7f}}, 5).empty());
  index.add({"sha-z", "z.pdf", "/data/z.pdf", ""}, pages_of(1, "z"), vectors_of(1, 9),
            sparse_of(1, 8));
  EXPECT_EQ(index.search_sparse({{80}, {0.7f}}, 5).at(0).page_id(), "sha-z-1");
  EXPECT_EQ(index.search_sparse({{22}, {0.7f}}, 5).at(0).page_id(), "sha-b-3");
}

TEST(PageIndex, TheGainOfTheContractIsThatOfItsSparseVectors) {
  const TemporaryDirectory directory;
  const std::vector<std::string> ids = {"sha-a-1", "sha-a-2", "sha-a-3"};
  const std::vector<SparseVector> pages = {
      {{1, 2}, {3.0f, 0.2f}}, {{1, 3}, {0.4f, 3.0f}}, {{2, 3}, {2.0f, 0.9f}}};
  const SparseVector query{{1, 2, 3}, {0.7f, 0.7f, 1.1f}};
  for (const int gain : {1, 16}) {
    Contract contract = sparse_contract();
    contract.sparse->gain = gain;
    PageIndex index = PageIndex::create(directory.path() / std::to_string(gain), contract, kDims,
                                        {"/models/m", "weights"});
    index.add({"sha-a", "a.pdf", "/data/a.pdf", ""}, pages_of(3, "a"), vectors_of(3, 1), pages);
    const auto wanted = SparseSearch(ids, pages, gain).search(query, 3);
    const auto found = index.search_sparse(query, 3);
    ASSERT_EQ(found.size(), 3u);
    for (size_t i = 0; i < found.size(); ++i) {
      EXPECT_EQ(found[i].row, wanted[i].row);
      EXPECT_EQ(found[i].score, wanted[i].score) << gain;
    }
    EXPECT_NE(found[0].score, SparseSearch(ids, pages, 3).search(query, 1)[0].score);
  }
}

TEST(PageIndex, BothRankingsAreFused) {
  const TemporaryDirectory directory;
  const PageIndex index = sparse_index(directory.path() / "index");
  const Matrix like = query_like(vectors_of(4, 3), 1);
  const auto hits = index.search_both(like, {{20}, {0.7f}}, 9, Fusion{});
  ASSERT_EQ(hits.size(), 9u);
  EXPECT_EQ(hits[0].page_id(), "sha-b-1") << "first in one ranking and somewhere in the other";
  EXPECT_EQ(hits[1].page_id(), "sha-c-2");
  EXPECT_FLOAT_EQ(hits[1].score, 1.0f / 61);
  const auto agreed = index.search_both(like, {{31}, {0.7f}}, 1, Fusion{});
  EXPECT_EQ(agreed.at(0).page_id(), "sha-c-2");
  EXPECT_FLOAT_EQ(agreed[0].score, 2.0f / 61);
  const auto dense = index.search(like, 9).front();
  const auto sparse = index.search_sparse({{31}, {0.7f}}, 1);
  const auto added = index.search_both(like, {{31}, {0.7f}}, 1, {.by = FuseBy::kScores});
  EXPECT_EQ(added.at(0).page_id(), "sha-c-2");
  EXPECT_FLOAT_EQ(added[0].score, dense[0].score - dense[8].score + sparse[0].score);
}

TEST(PageIndex, AnIndexWithoutSparseVectorsSaysSo) {
  const TemporaryDirectory directory;
  PageIndex index = make(directory.path() / "index");
  add(index, "a", 2, 1);
  EXPECT_FALSE(fs::exists(directory.path() / "index" / "sparse.bin"));
  EXPECT_THAT(error_of([&] { index.search_sparse({{1}, {1.0f}}, 1); }, ErrorCode::kUnsupported),
              HasSubstr("no sparse vectors"));
}

TEST(PageIndex, DamagedSparseVectorsAreFoundAndNamed) {
  struct Case {
    const char* name;
    std::function<void(const fs::path&)> spoil;
    ErrorCode code;
    const char* word;
  };
  const std::vector<Case> cases = {
      {"no file", [](const fs::path& d) { fs::remove(d / "sparse.bin"); }, ErrorCode::kNotFound,
       "sparse.bin"},
      {"truncated", [](const fs::path& d) { fs::resize_file(d / "sparse.bin", 70); },
       ErrorCode::kBadInput, "sparse.bin"},
      {"magic", [](const fs::path& d) { flip(d / "sparse.bin", 0); }, ErrorCode::kBadInput,
       "magic"},
      {"a count", [](const fs::path& d) { flip(d / "sparse.bin", 64); }, ErrorCode::kBadInput,
       "a.pdf"},
      {"a weight", [](const fs::path& d) { flip(d / "sparse.bin", 64 + 2 * 20 + 13); },
       ErrorCode::kBadInput, "b.pdf"},
  };
  for (const Case& test : cases) {
    SCOPED_TRACE(test.name);
    const TemporaryDirectory directory;
    const fs::path path = directory.path() / "index";
    sparse_index(path);
    test.spoil(path);
    const std::string message =
        error_of([&] { PageIndex::open(path).search_sparse({{1}, {1.0f}}, 1); }, test.code);
    EXPECT_THAT(message, HasSubstr(test.word));
  }
}

TEST(PageIndex, ReadOnlyIndexCanBeSearched) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  const TemporaryDirectory directory;
  const fs::path path = directory.path() / "index";
  {
    PageIndex index = make(path);
    add(index, "a", 2, 1);
  }
  for (const auto& entry : fs::directory_iterator(path)) {
    fs::permissions(entry.path(), fs::perms::owner_read);
  }
  fs::permissions(path, fs::perms::owner_read | fs::perms::owner_exec);
  PageIndex index = PageIndex::open(path);
  EXPECT_EQ(index.search(vectors_of(1, 1), 2)[0].size(), 2u);
  EXPECT_THROW(add(index, "b", 1, 1), Error);
  fs::permissions(path, fs::perms::owner_all);
}

}  // namespace
}  // namespace recto
