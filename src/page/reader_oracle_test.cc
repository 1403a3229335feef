// Rendering against PDFium driven by somebody else: pypdfium2 (pdfium_oracle.py).

#include <gtest/gtest.h>

#include "base/file.h"
#include "page/reader.h"
#include "page/test_oracle.h"
#include "page/test_pdf.h"

namespace recto {
namespace {

std::string drawing() {
  test::PdfBuilder pdf;
  pdf.add_page(
      "0.2 0.4 0.9 rg 100 100 300 250 re f 3 w 50 50 m 500 700 l 20 400 300 600 40 80 c S " +
      test::text_at(72, 720, "The quick brown fox (with parentheses)"));
  pdf.add_page(test::text_at(30, 30, "small and turned"), 200, 300, "/Rotate 270");
  pdf.add_page("/G gs 1 0 0 rg 10 10 60 60 re f 0 1 0 rg 40 40 60 60 re f", 120, 110, "",
               "/ExtGState << /G << /ca 0.5 /BM /Multiply >> >>");
  return pdf.finish();
}

TEST(ReaderOracle, PagesEqualPypdfium2) {
  TemporaryDirectory directory;
  const auto path = directory.path() / "a.pdf";
  write_file(path, drawing());
  for (const int longest : {64, 500, 1024}) {
    const test::OraclePages pages(path, longest);
    if (!pages.problem().empty()) GTEST_SKIP() << pages.problem();
    Document document(path);
    ASSERT_EQ(pages.count(), document.page_count());
    for (int i = 1; i <= document.page_count(); ++i) {
      const Image got = document.render(i, longest);
      const Image want = pages.page(i);
      EXPECT_EQ(got.width, want.width);
      EXPECT_EQ(got.height, want.height);
      EXPECT_TRUE(got.rgb == want.rgb) << "page " << i << " at " << longest;
    }
  }
}

}  // namespace
}  // namespace recto
