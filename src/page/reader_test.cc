#include "page/reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "page/encode.h"
#include "page/reader_test_support.h"
#include "page/test_pdf.h"

namespace recto {
namespace {
namespace fs = std::filesystem;
using test::Outcome;
using test::outcome;
using test::PdfBuilder;
using test::Reader;
using test::text_at;
using testing::ElementsAre;
using testing::HasSubstr;

bool all_white(const Image& image) {
  return std::all_of(image.rgb.begin(), image.rgb.end(), [](uint8_t v) { return v == 255; });
}

// ---- what a document says of itself

TEST_F(Reader, PagesTitleAndProducer) {
  PdfBuilder pdf;
  pdf.add_page(text_at(72, 720, "one"));
  pdf.add_page(text_at(72, 720, "two"));
  const int info =
      pdf.add("<< /Title <FEFF00C9007400E90020 20AC D83DDE00> /Producer (by  hand\\n) >>");
  pdf.set_trailer_entries(fmt::format("/Info {} 0 R", info));
  const fs::path path = file("a.pdf", pdf.finish());
  const Document document(path);
  EXPECT_TRUE(document.is_pdf());
  EXPECT_EQ(document.path(), path);
  EXPECT_EQ(document.page_count(), 2);
  EXPECT_EQ(document.title(), "Été €😀");
  EXPECT_EQ(document.producer(), "by hand");
  EXPECT_TRUE(document.outline().empty());
}

std::string outline_pdf(bool cyclic) {
  PdfBuilder pdf;
  int pages[4];
  for (int i = 0; i < 4; ++i) pages[i] = pdf.add_page(text_at(72, 700, fmt::format("{}", i)));
  const int root = pdf.reserve();
  const int first = pdf.reserve();
  const int inner = pdf.reserve();
  const int second = pdf.reserve();
  const int third = pdf.reserve();
  const int link = pdf.reserve();
  // pdfTeX names its destinations, and each name leads to a dictionary with an entry D.
  const int named = pdf.add(fmt::format("<< /D [{} 0 R /XYZ 0 0 0] >>", pages[3]));
  pdf.set_catalog_entries(fmt::format(
      "/Outlines {} 0 R /Names << /Dests << /Names [(chapter.2) {} 0 R] >> >>", root, named));
  pdf.set(root, fmt::format("<< /First {} 0 R /Last {} 0 R >>", first, link));
  pdf.set(first, fmt::format("<< /Title (  First\\n chapter ) /Parent {} 0 R /Next {} 0 R "
                             "/First {} 0 R /Last {} 0 R /Dest [{} 0 R /Fit] >>",
                             root, second, inner, inner, pages[0]));
  pdf.set(inner,
          fmt::format("<< /Title (Inner) /Parent {} 0 R /A << /S /GoTo /D [{} 0 R /Fit] >> {} >>",
                      first, pages[1], cyclic ? fmt::format("/First {} 0 R", first) : ""));
  pdf.set(second, fmt::format("<< /Title <FEFF00DC> /Parent {} 0 R /Next {} 0 R "
                              "/A << /S /GoTo /D (chapter.2) >> >>",
                              root, third));
  pdf.set(third, fmt::format("<< /Title (Named) /Parent {} 0 R /Next {} 0 R /Dest (chapter.2) >>",
                             root, link));
  pdf.set(link,
          fmt::format("<< /Title (Web) /Parent {} 0 R /A << /S /URI /URI (http://x.org) >> {} >>",
                      root, cyclic ? fmt::format("/Next {} 0 R", first) : ""));
  return pdf.finish();
}

TEST_F(Reader, OutlineLeadsToPagesByEveryKindOfTarget) {
  for (const bool cyclic : {false, true}) {
    const Document document(file("a.pdf", outline_pdf(cyclic)));
    std::vector<std::string> entries;
    for (const OutlineEntry& e : document.outline()) {
      entries.push_back(fmt::format("{} {} {}", e.level, e.title, e.page));
    }
    EXPECT_THAT(entries,
                ElementsAre("0 First chapter 1", "1 Inner 2", "0 Ü 4", "0 Named 4", "0 Web 0"))
        << (cyclic ? "cyclic" : "");
  }
}

TEST_F(Reader, PagesKnowTheNumbersTheyBear) {
  PdfBuilder pdf;
  for (int i = 0; i < 6; ++i) pdf.add_page(text_at(72, 700, "text"));
  pdf.set_catalog_entries(
      "/PageLabels << /Nums [0 << /S /r /St 3 >> 2 << /S /D >> 4 << /S /D /P (A-) /St 7 >> "
      "5 << /P (Plate) >>] >>");
  Document document(file("labels.pdf", pdf.finish()));
  std::vector<std::string> labels;
  for (int i = 1; i <= 6; ++i) labels.push_back(document.text(i).label);
  EXPECT_THAT(labels, ElementsAre("iii", "iv", "1", "2", "A-7", "Plate"));
  Document plain(file("plain.pdf", test::simple_pdf({"text"})));
  EXPECT_EQ(plain.text(1).label, "") << "no labels, no number of our own making";
}

TEST_F(Reader, LabelsOfHostileDocumentsAreShortOrNone) {
  for (const std::string& labels :
       {std::string("<< /Nums [0 << /P (") + std::string(100'000, 'x') + ") >>] >>",
        std::string("<< /Kids [2 0 R 1 0 R] >>"), std::string("[1 2 3]"),
        std::string("<< /Nums [0 << /S /R /St 2000000000 >>] >>"),
        std::string("<< /Nums [-5 << /S /A /St -7 >>] >>")}) {
    PdfBuilder pdf;
    pdf.add_page(text_at(72, 700, "text"));
    pdf.set_catalog_entries("/PageLabels " + labels);
    Document document(file("hostile.pdf", pdf.finish()));
    EXPECT_LE(document.text(1).label.size(), 64u) << labels.substr(0, 60);
    EXPECT_EQ(document.text(1).text, "text");
  }
}

// ---- rendering

TEST_F(Reader, LongestSideIsExactAndTheOtherRounded) {
  struct Case {
    double width, height;
    std::string entries;
    int longest, want_width, want_height;
  };
  const Case cases[] = {{612, 792, "", 2048, 1583, 2048},
                        {595, 842, "", 512, 362, 512},
                        {792, 612, "", 100, 100, 77},
                        {612, 792, "/Rotate 90", 100, 100, 77},
                        {1000, 1, "", 64, 64, 1},
                        {3, 3, "", 777, 777, 777},
                        {612, 792, "/CropBox [0 0 300 600]", 200, 100, 200}};
  for (const Case& c : cases) {
    PdfBuilder pdf;
    pdf.add_page("", c.width, c.height, c.entries);
    Document document(file("a.pdf", pdf.finish()));
    const Image page = document.render(1, c.longest);
    EXPECT_EQ(page.width, c.want_width) << c.width << " x " << c.height << c.entries;
    EXPECT_EQ(page.height, c.want_height) << c.width << " x " << c.height << c.entries;
    EXPECT_TRUE(all_white(page));
  }
}

TEST_F(Reader, ColoursAreRgbFromTheTopLeft) {
  PdfBuilder pdf;
  pdf.add_page("1 0 0 rg 0 50 50 50 re f 0 0 1 rg 50 0 50 50 re f", 100, 100);
  Document document(file("a.pdf", pdf.finish()));
  const Image page = document.render(1, 100);
  const auto pixel = [&](int x, int y) {
    const auto at = page.rgb.begin() + (y * 100 + x) * 3;
    return std::vector<int>(at, at + 3);
  };
  EXPECT_THAT(pixel(25, 25), ElementsAre(255, 0, 0));
  EXPECT_THAT(pixel(75, 25), ElementsAre(255, 255, 255));
  EXPECT_THAT(pixel(75, 75), ElementsAre(0, 0, 255));
}

TEST_F(Reader, AnnotationsAreDrawn) {
  PdfBuilder pdf;
  const int appearance =
      pdf.add_stream("0 1 0 rg 0 0 20 20 re f", "/Type /XObject /Subtype /Form /BBox [0 0 20 20]");
  const int note = pdf.add(
      fmt::format("<< /Type /Annot /Subtype /Stamp /Rect [40 40 60 60] /F 4 /AP << /N {} 0 R >> >>",
                  appearance));
  pdf.add_page("", 100, 100, fmt::format("/Annots [{} 0 R]", note));
  Document document(file("a.pdf", pdf.finish()));
  const Image page = document.render(1, 100);
  EXPECT_EQ(page.rgb[(50 * 100 + 50) * 3], 0);
  EXPECT_EQ(page.rgb[(50 * 100 + 50) * 3 + 1], 255);
}

TEST_F(Reader, RenderingTheSamePageTwiceGivesTheSameBytes) {
  Document document(file("a.pdf", test::simple_pdf({"one", "two"})));
  const Image first = document.render(1, 300);
  EXPECT_NE(document.render(2, 300).rgb, first.rgb);
  EXPECT_EQ(document.render(1, 300).rgb, first.rgb);
}

// ---- text

TEST_F(Reader, TextHasLinesAndWordsWithBoxes) {
  PdfBuilder pdf;
  pdf.add_page(text_at(72, 720, "Hello wide") + text_at(72, 700, "world"));
  Document document(file("a.pdf", pdf.finish()));
  const PageText text = document.text(1);
  EXPECT_EQ(text.text, "Hello wide\nworld");
  ASSERT_EQ(text.words.size(), 3u);
  EXPECT_EQ(text.words[0].text, "Hello");
  EXPECT_EQ(text.words[2].text, "world");
  EXPECT_NEAR(text.words[0].left, 72 / 612.0, 0.003);
  // Five letters of 12-point Helvetica are 27.3 points wide.
  EXPECT_NEAR(text.words[0].right, (72 + 27.3) / 612, 0.003);
  EXPECT_LT(text.words[0].top, 1 - 728 / 792.0);
  EXPECT_GT(text.words[0].bottom, 1 - 721 / 792.0);
  EXPECT_LT(text.words[0].bottom, text.words[2].bottom);
}

TEST_F(Reader, BoxesFollowRotationAndCropBox) {
  PdfBuilder pdf;
  pdf.add_page(text_at(72, 720, "Hello"), 612, 792, "/Rotate 90");
  pdf.add_page(text_at(72, 720, "Hello"), 612, 792, "/CropBox [50 600 350 792]");
  Document document(file("a.pdf", pdf.finish()));
  const Word turned = document.text(1).words.at(0);
  // Turned right, the page's upper left corner is its upper right.
  EXPECT_NEAR(turned.top, 72 / 612.0, 0.003);
  EXPECT_NEAR(turned.bottom, (72 + 27.3) / 612, 0.003);
  EXPECT_GT(turned.left, 0.9);
  const Word cropped = document.text(2).words.at(0);
  EXPECT_NEAR(cropped.left, (72 - 50) / 300.0, 0.005);
}

TEST_F(Reader, WordsDividedAtALineEndAreJoined) {
  PdfBuilder pdf;
  pdf.add_page(text_at(72, 720, "a long exam-") + text_at(72, 706, "ple follows") +
               text_at(72, 692, "here"));
  Document document(file("a.pdf", pdf.finish()));
  const PageText text = document.text(1);
  EXPECT_EQ(text.text, "a long example follows\nhere");
  std::vector<std::string> words;
  words.reserve(text.words.size());
  for (const Word& word : text.words) words.push_back(word.text);
  EXPECT_THAT(words, ElementsAre("a", "long", "exam-", "ple", "follows", "here"));
}

// ---- images as documents

TEST_F(Reader, AnImageIsADocumentOfOnePage) {
  const Image picture{3, 2, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18}};
  const fs::path path = file("scan.png", encode_png(picture));
  Document document(path);
  EXPECT_FALSE(document.is_pdf());
  EXPECT_EQ(document.page_count(), 1);
  EXPECT_TRUE(document.outline().empty());
  EXPECT_EQ(document.text(1).text, "");
  const Image page = document.render(1, 2048);
  EXPECT_EQ(page.width, 3);
  EXPECT_EQ(page.height, 2);
  EXPECT_EQ(page.rgb, picture.rgb);
  EXPECT_EQ(read_image(path).rgb, picture.rgb);
}

TEST_F(Reader, TheEndingOfTheNameDoesNotMatter) {
  EXPECT_TRUE(Document(file("a.png", test::simple_pdf({"x"}))).is_pdf());
  EXPECT_FALSE(Document(file("a.pdf", encode_png({1, 1, {1, 2, 3}}))).is_pdf());
}

TEST_F(Reader, ReadImageRefusesAPdf) {
  const fs::path path = file("a.pdf", test::simple_pdf({"x"}));
  const Outcome result = outcome([&] { read_image(path); });
  EXPECT_EQ(result.code, "bad_input");
  EXPECT_THAT(result.message, HasSubstr("a PDF, where an image is wanted"));
}

TEST_F(Reader, DocumentsCanBeMoved) {
  Document first(file("a.pdf", test::simple_pdf({"one"})));
  Document second(file("b.pdf", test::simple_pdf({"two"})));
  second = std::move(first);
  EXPECT_EQ(second.text(1).text, "one");
}

// ---- listing

TEST_F(Reader, ListingFindsPageFilesBelowADirectory) {
  make_directories(directory() / "b/inner");
  for (const char* name :
       {"z.PDF", "a.txt", "b/2.jpeg", "b/inner/3.WebP", "b/1.gif", "c.png.part"}) {
    write_file(directory() / name, "x");
  }
  fs::create_directory_symlink(directory() / "b", directory() / "link");
  fs::create_symlink(directory() / "z.PDF", directory() / "y.pdf");
  std::vector<std::string> found;
  for (const fs::path& path : list_page_files(directory())) {
    found.push_back(path.lexically_relative(directory()).string());
  }
  std::sort(found.begin(), found.end());
  EXPECT_THAT(found, ElementsAre("b/1.gif", "b/2.jpeg", "b/inner/3.WebP", "y.pdf", "z.PDF"));
  EXPECT_THAT(list_page_files(directory() / "a.txt"), ElementsAre(directory() / "a.txt"));
  EXPECT_EQ(outcome([&] { list_page_files(directory() / "none"); }).code, "not_found");
}

// ---- documents in memory

TEST_F(Reader, BytesInMemoryAreReadAsAFileIs) {
  const Image image{3, 2, {255, 0, 0, 0, 255, 0, 0, 0, 255, 1, 2, 3, 4, 5, 6, 7, 8, 9}};
  EXPECT_EQ(read_image(encode_png(image), "its image").rgb, image.rgb);
  PdfBuilder pdf;
  pdf.add_page(text_at(72, 720, "one"));
  const std::string bytes = pdf.finish();
  Document document(bytes, "a.pdf", {});
  EXPECT_EQ(document.path(), "a.pdf");
  EXPECT_EQ(document.text(1).text, "one");

  PageLimits small;
  small.max_file_bytes = 10;
  struct Case {
    std::string bytes;
    PageLimits limits;
    ErrorCode code;
    const char* says;
  };
  for (const Case& c : {Case{"", {}, ErrorCode::kBadInput, "its image: the file is empty"},
                        Case{"no image", {}, ErrorCode::kBadInput, "its image: "},
                        Case{bytes, {}, ErrorCode::kBadInput, "its image: a PDF, where an image"},
                        Case{bytes, small, ErrorCode::kLimit, "at most 10 are accepted"}}) {
    const Outcome found = outcome([&] { read_image(c.bytes, "its image", c.limits); });
    EXPECT_EQ(found.code, error_code_name(c.code)) << c.says;
    EXPECT_THAT(found.message, HasSubstr(c.says));
  }
}

}  // namespace
}  // namespace recto
