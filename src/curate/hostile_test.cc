// Documents made to harm, among good ones: a run with them ends, says what is wrong with which, and
// the good ones are as complete as without them.

#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "base/sha256.h"
#include "curate/curate.h"
#include "curate/test_book.h"
#include "data/dataset.h"
#include "page/sanitizer.h"
#include "page/test_bomb.h"

namespace recto {
namespace {
namespace fs = std::filesystem;
using ::testing::HasSubstr;

class Hostile : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(in());
    for (const char* name : {"a", "n", "z"}) {
      const std::string heading = fmt::format("Maintenance schedule of machine {}", name);
      add(fmt::format("{}-good.pdf", name), test::book({heading, "Second"}, {{heading, 1}}));
    }
    good_ = curated("good", 0);
  }

  void add(const std::string& name, const std::string& content) const {
    write_file(in() / name, content);
  }

  /// The pages of a dataset of all that is in in(): source name and page number to a hash of what
  /// the page shows and says. `bad`: how many messages there must be.
  std::map<std::string, std::string> curated(const std::string& name, size_t bad) {
    options_.longest_edge = 300;
    options_.keep_going = true;
    options_.threads = 2;
    const CurateReport report = curate({in()}, out(name), options_);
    EXPECT_EQ(report.failed.size(), bad) << ::testing::PrintToString(report.failed);
    failed_ = fmt::format("{}", fmt::join(report.failed, "\n"));
    const Dataset dataset = Dataset::open(out(name));
    std::map<std::string, std::string> pages;
    for (const std::string& split : dataset.splits()) {
      std::map<std::string, std::string> names;
      for (const auto& row : dataset.documents(split)) names[row.document_id] = row.source_name;
      dataset.for_each_page(split, [&](PageRow&& row) {
        pages[fmt::format("{} {}", names.at(row.document_id), row.page_number)] =
            sha256_hex(row.image + row.text);
      });
      for (const auto& row : dataset.queries(split)) queries_[name].insert(row.query);
    }
    return pages;
  }

  /// Curates again with what add() has added.
  void expect_good_ones_complete(size_t bad) {
    const auto pages = curated("all", bad);
    for (const auto& [page, hash] : good_) EXPECT_EQ(pages.at(page), hash) << page;
    for (const auto& query : queries_["good"]) EXPECT_EQ(queries_["all"].count(query), 1u) << query;
    EXPECT_EQ(queries_["good"].size(), 3u);
  }

  fs::path in() const { return directory_.path() / "in"; }
  fs::path out(const std::string& name) const { return directory_.path() / name; }

  TemporaryDirectory directory_;
  CurateOptions options_;
  std::map<std::string, std::string> good_;
  std::map<std::string, std::set<std::string>> queries_;
  std::string failed_;
};

TEST_F(Hostile, ScriptsAndAttachmentsAreOrdinaryPages) {
  const std::string content = test::simple_pdf({"Attached"});
  add("b-scripts.pdf", test::scripted_pdf("Words of the page"));
  add("c-files.pdf",
      test::pdf_with_attachments("Words of the page", {"../../escaped.pdf", "x.pdf"}, content));
  add("d-plain.pdf", test::simple_pdf({"Words of the page"}));
  expect_good_ones_complete(0);
  const auto pages = curated("again", 0);
  EXPECT_EQ(pages.size(), good_.size() + 3) << "what is attached is no document";
  EXPECT_EQ(pages.at("b-scripts.pdf 1"), pages.at("d-plain.pdf 1"));
  EXPECT_EQ(pages.at("c-files.pdf 1"), pages.at("d-plain.pdf 1"));
  std::set<std::string> left;
  for (const auto& entry : fs::directory_iterator(directory_.path())) {
    left.insert(entry.path().filename());
  }
  EXPECT_EQ(left, (std::set<std::string>{"in", "good", "all", "again"}));
}

TEST_F(Hostile, PagesWithoutEndOrMeasureEndAtTheLimits) {
  test::PdfBuilder endless;
  const std::string resources = test::endless_resources(endless);
  endless.add_page(test::text_at(72, 720, "first"));
  endless.add_page("/X0 Do", 612, 792, "", resources);
  endless.add_page(test::text_at(72, 720, "third"));
  add("b-endless.pdf", endless.finish());
  add("c-million.pdf", test::pdf_of_many_pages(10, 6));
  test::PdfBuilder huge;
  huge.add_page(test::text_at(72, 720, "huge"), 2e9, 1e9);
  add("d-huge.pdf", huge.finish());
  options_.limits.max_cpu_seconds = 1;
  expect_good_ones_complete(2);
  EXPECT_THAT(failed_, HasSubstr("b-endless.pdf"));
  EXPECT_THAT(failed_, HasSubstr("more than 1 s of processor time"));
  EXPECT_THAT(failed_, HasSubstr("1000000 pages, but at most 20000"));
}

TEST_F(Hostile, APageThatFillsTheMemoryEndsAtTheLimit) {
  if (kSanitized) GTEST_SKIP() << "sanitizers need more address space than any limit";
  add("b-bomb.pdf", test::bomb_pdf());
  options_.limits.max_memory_bytes = 256u << 20;
  options_.limits.image.max_pixels = 1'000'000;  // what a worker has room for from the start
  expect_good_ones_complete(1);
  EXPECT_THAT(failed_, HasSubstr("b-bomb.pdf"));
  EXPECT_THAT(failed_, HasSubstr("256 MiB of memory"));
}

}  // namespace
}  // namespace recto
