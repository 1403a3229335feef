// Real documents: Debian's own manuals, fetched from the package archive. Skipped without one.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <regex>
#include <sstream>

#include "base/file.h"
#include "page/reader.h"
#include "page/test_oracle.h"

namespace recto {
namespace {
namespace fs = std::filesystem;

constexpr int kPages = 40;

/// The PDFs of the packages that could be fetched.
class DebianManuals : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* package : {"debian-faq", "maint-guide", "debian-reference-ja"}) {
      test::run_command(fmt::format(
          "cd '{}' && apt-get download {} && dpkg-deb -x {}_*.deb . && find . -name '*.pdf.gz' "
          "-exec gunzip -f {{}} +",
          directory_.path().string(), package, package));
    }
    for (const fs::path& path : list_page_files(directory_.path())) {
      if (path.extension() == ".pdf" && !fs::is_symlink(path)) files_.push_back(path);
    }
    if (files_.empty()) GTEST_SKIP() << "no Debian archive can be reached";
  }

  std::vector<fs::path> files_;

 private:
  TemporaryDirectory directory_;
};

TEST_F(DebianManuals, RenderAsPypdfium2Does) {
  for (const fs::path& path : files_) {
    const test::OraclePages pages(path, 800, kPages);
    if (!pages.problem().empty()) GTEST_SKIP() << pages.problem();
    Document document(path);
    for (int i = 1; i <= pages.count(); ++i) {
      EXPECT_TRUE(document.render(i, 800).rgb == pages.page(i).rgb) << path << " page " << i;
    }
  }
}

using Counts = std::map<std::string, int>;

Counts word_counts(const std::string& text) {
  Counts counts;
  std::istringstream stream(text);
  for (std::string word; stream >> word;) ++counts[word];
  return counts;
}

// pdftotext keeps the hyphens of divided words.
std::string pdftotext(const fs::path& path, int page) {
  const auto result =
      test::run_command(fmt::format("pdftotext -f {} -l {} '{}' -", page, page, path.string()));
  static const std::regex kDivided("([a-z])-\\s*\n\\s*([a-z])");
  return result.status == 0 ? std::regex_replace(result.out, kDivided, "$1$2") : "";
}

TEST_F(DebianManuals, TextIsThatOfPdftotext) {
  if (test::run_command("pdftotext -v").status == 127) GTEST_SKIP() << "no pdftotext";
  for (const fs::path& path : files_) {
    Document document(path);
    int total = 0;
    int common = 0;
    for (int i = 1; i <= std::min(kPages, document.page_count()); ++i) {
      const Counts ours = word_counts(document.text(i).text);
      for (const auto& [word, count] : word_counts(pdftotext(path, i))) {
        const auto found = ours.find(word);
        total += count;
        common += found == ours.end() ? 0 : std::min(count, found->second);
      }
    }
    EXPECT_GE(common, 0.99 * total) << path;
    EXPECT_GT(total, 1000) << path;
  }
}

TEST_F(DebianManuals, OutlinesLeadToTheirHeadings) {
  for (const fs::path& path : files_) {
    Document document(path);
    EXPECT_GT(document.outline().size(), 50u) << path;
    size_t resolved = 0;
    for (const OutlineEntry& entry : document.outline()) resolved += entry.page > 0;
    EXPECT_GT(resolved, document.outline().size() * 95 / 100) << path;
  }
}

}  // namespace
}  // namespace recto
