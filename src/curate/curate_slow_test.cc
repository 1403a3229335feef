#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/file.h"
#include "base/threads.h"
#include "curate/curate.h"
#include "data/dataset.h"
#include "search/bm25.h"
#include "support/support.h"

namespace recto {
namespace {
namespace fs = std::filesystem;

/// Debian's FAQ in three languages and the maintainers' guide, held out, and a tutorial to train
/// on. False when they cannot be had.
bool download_books(const fs::path& directory) {
  const auto result = test::run_command(
      "cd '" + directory.string() +
      "' && apt-get download debian-faq debian-faq-de debian-faq-fr maint-guide nut-doc && "
      "for package in *.deb; do dpkg-deb -x $package . || exit 1; done && rm *.deb && "
      "find . -name '*.pdf.gz' -exec gunzip -f {} +");
  return result.status == 0;
}

TEST(CurateSlow, RealBooksBecomeADatasetThatHoldsTogether) {
  const TemporaryDirectory directory;
  const fs::path books = directory.path() / "books";
  fs::create_directory(books);
  if (!download_books(books)) GTEST_SKIP() << "Debian packages cannot be downloaded here";
  CurateOptions options;
  options.longest_edge = 1024;
  options.keep_going = true;
  options.threads = std::min(2, available_cores());
  options.test_documents = {"debian-faq.de.pdf", "maint-guide*"};
  const fs::path output = directory.path() / "dataset";
  const CurateReport report = curate({books / "usr/share/doc"}, output, options);

  // Of 100 headings that lead somewhere 83 stand verbatim on their page, more with numbering and
  // the page beside it allowed for.
  const auto found = report.dropped.find("heading: not on the page it leads to nor beside it");
  const double lost = found == report.dropped.end() ? 0 : static_cast<double>(found->second);
  EXPECT_LT(lost / static_cast<double>(report.headings), 0.10);
  const auto nowhere = report.dropped.find("heading: leads nowhere");
  EXPECT_TRUE(nowhere == report.dropped.end()) << "named destinations must be resolved";
  EXPECT_GT(report.queries, 700);

  const Dataset dataset = Dataset::open(output);
  std::map<std::string, std::string> family_of;
  std::map<std::string, std::string> split_of;
  for (const std::string& split : dataset.splits()) {
    for (const auto& row : dataset.documents(split)) {
      family_of[row.source_name] = row.family;
      split_of[row.source_name] = split;
    }
  }
  for (const char* name : {"debian-faq.en.pdf", "debian-faq.fr.pdf"}) {
    EXPECT_EQ(family_of.at(name), family_of.at("debian-faq.de.pdf")) << name;
    EXPECT_EQ(split_of.at(name), "test") << name << ": whole families are pinned";
  }
  EXPECT_NE(family_of.at("maint-guide.en.pdf"), family_of.at("debian-faq.de.pdf"));

  // Each query's page holds its words, so that words find it; but for those in another language.
  Bm25Index index;
  for (const PageRow& page : dataset.pages("test")) index.add({page.page_id}, {page.text});
  std::map<std::string, std::set<std::string>> answers;
  for (const QrelRow& row : dataset.qrels("test")) answers[row.query_id].insert(row.page_id);
  int hits = 0;
  auto queries = dataset.queries("test");
  std::erase_if(queries, [](const QueryRow& query) { return query.kind == "cross_lingual"; });
  EXPECT_GT(queries.size(), 300u);
  for (const QueryRow& query : queries) {
    for (const ScoredId& hit : index.search(query.query, 5)) {
      if (answers.at(query.query_id).count(hit.id) == 0) continue;
      ++hits;
      break;
    }
  }
  EXPECT_GT(hits, 0.8 * static_cast<double>(queries.size()));
}

}  // namespace
}  // namespace recto
