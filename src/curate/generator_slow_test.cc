// Real books: Debian's R manuals, whose outlines name their destinations through dictionaries.

#include <gtest/gtest.h>

#include "base/file.h"
#include "curate/generator.h"
#include "curate/test_document.h"
#include "page/reader.h"
#include "support/support.h"

namespace recto {
namespace {
namespace fs = std::filesystem;

CuratedDocument read(const fs::path& path) {
  Document pdf(path);
  CuratedDocument document;
  document.document_id = path.filename().string();
  document.title = pdf.title();
  document.page_count = pdf.page_count();
  document.outline = pdf.outline();
  for (int number = 1; number <= pdf.page_count(); ++number) {
    PageText text = pdf.text(number);
    CuratedPage page;
    page.number = number;
    page.label = std::move(text.label);
    page.text = std::move(text.text);
    page.words = static_cast<int>(text.words.size());
    document.pages.push_back(std::move(page));
  }
  return document;
}

TEST(GeneratorSlow, RManualsResolveEveryOutlineEntryAndYieldQueries) {
  const TemporaryDirectory directory;
  const auto result =
      test::run_command("cd '" + directory.path().string() +
                        "' && apt-get download r-doc-pdf && dpkg-deb -x r-doc-pdf_*.deb . && "
                        "find . -name '*.pdf.gz' -exec gunzip -f {} +");
  if (result.status != 0) GTEST_SKIP() << "Debian packages cannot be downloaded here";
  int manuals = 0;
  size_t entries = 0;
  std::map<std::string, int> by_method;
  for (const fs::path& path : list_page_files(directory.path())) {
    if (path.extension() != ".pdf" || fs::is_symlink(path)) continue;
    ++manuals;
    const CuratedDocument document = read(path);
    EXPECT_FALSE(document.outline.empty()) << path;
    entries += document.outline.size();
    for (const OutlineEntry& entry : document.outline) {
      EXPECT_GE(entry.page, 1) << path << ": " << entry.title;
    }
    Audit audit;
    for (const Candidate& candidate : test::generate_for(document, {}, audit))
      ++by_method[candidate.method];
    for (const AuditRow& row : audit.rows()) EXPECT_NE(row.reason, "leads nowhere") << row.item;
  }
  EXPECT_GE(manuals, 8);
  EXPECT_GE(entries, 3600);
  EXPECT_GT(by_method["outline"], 1000);
  EXPECT_GT(by_method["question"], 40);
  EXPECT_GT(by_method["index"], 30);
}

}  // namespace
}  // namespace recto
