#include "page/reader.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <functional>

#include "base/error.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "page/encode.h"
#include "page/sanitizer.h"
#include "page/test_pdf.h"
#include "support/support.h"

namespace recto {
namespace {
namespace fs = std::filesystem;
using test::PdfBuilder;
using test::text_at;
using testing::ElementsAre;
using testing::HasSubstr;

struct Outcome {
  std::string code;
  std::string message;
};

Outcome outcome(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return {error_code_name(error.code()), error.what()};
  }
  return {"none", ""};
}

class Reader : public testing::Test {
 protected:
  fs::path file(const std::string& name, const std::string& content) const {
    write_file(directory_.path() / name, content);
    return directory_.path() / name;
  }
  Outcome opening(const std::string& name, const std::string& content,
                  const PageLimits& limits = {}) const {
    const fs::path path = file(name, content);
    const Outcome result = outcome([&] { Document(path, limits).render(1, 100); });
    return result;
  }
  const fs::path& directory() const { return directory_.path(); }

 private:
  TemporaryDirectory directory_;
};

/// Sets an environment variable for one scope.
class Setting {
 public:
  Setting(const char* name, const std::string& value) : name_(name) {
    ::setenv(name, value.c_str(), 1);
  }
  ~Setting() { ::unsetenv(name_); }
  Setting(const Setting&) = delete;
  Setting& operator=(const Setting&) = delete;

 private:
  const char* name_;
};

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

// ---- bad input

std::string self_referencing_pdf() {
  PdfBuilder pdf;
  pdf.set(2, "<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 2 >>");
  return pdf.finish();
}

/// Empty without qpdf.
std::string encrypted_pdf(const fs::path& directory, const std::string& user_password) {
  write_file(directory / "plain.pdf", test::simple_pdf({"secret"}));
  const auto result = test::run_command(
      fmt::format("cd '{}' && qpdf --encrypt '{}' owner 256 -- plain.pdf locked.pdf",
                  directory.string(), user_password));
  return result.status == 0 ? read_file(directory / "locked.pdf") : "";
}

TEST_F(Reader, BadFilesAreNamedWithTheReason) {
  const std::string good = test::simple_pdf({"one", "two"});
  struct Case {
    const char* name;
    std::string content;
    const char* code;
    const char* message;
  };
  const Case cases[] = {
      {"empty.pdf", "", "bad_input", "the file is empty"},
      {"letter.pdf", "Dear reader,", "bad_input", "neither a PDF nor an image"},
      {"header.pdf", "%PDF-1.7\n", "bad_input", "truncated or damaged"},
      {"cut.pdf", good.substr(0, 150), "bad_input", "truncated or damaged"},
      {"noise.pdf", "%PDF-1.7\n" + std::string(5000, '\xA7'), "bad_input", "truncated or damaged"},
      {"nopages.pdf", PdfBuilder().finish(), "bad_input", ""},
      {"itself.pdf", self_referencing_pdf(), "bad_input", ""},
      {"cut.png", encode_png({9, 9, std::vector<uint8_t>(243)}).substr(0, 60), "bad_input",
       "the PNG is truncated"},
      {"wide.png", encode_png({40000, 1, std::vector<uint8_t>(120000)}), "limit", "40000 x 1"}};
  for (const Case& c : cases) {
    const Outcome result = opening(c.name, c.content);
    EXPECT_EQ(result.code, c.code) << c.name << ": " << result.message;
    EXPECT_THAT(result.message, HasSubstr(c.message)) << c.name;
  }
}

TEST_F(Reader, EncryptedPdfSaysWhatToDo) {
  const std::string content = encrypted_pdf(directory(), "user");
  if (content.empty()) GTEST_SKIP() << "qpdf is not installed";
  const Outcome result = opening("locked2.pdf", content);
  EXPECT_EQ(result.code, "bad_input");
  EXPECT_THAT(result.message, HasSubstr("is encrypted; make a copy without a password"));
}

TEST_F(Reader, PdfThatOpensWithoutAPasswordIsRead) {
  const std::string content = encrypted_pdf(directory(), "");
  if (content.empty()) GTEST_SKIP() << "qpdf is not installed";
  EXPECT_EQ(Document(file("owner.pdf", content)).text(1).text, "secret");
}

TEST_F(Reader, WhatIsNoFileIsNamed) {
  const fs::path missing = directory() / "missing.pdf";
  EXPECT_EQ(outcome([&] { Document{missing}; }).code, "not_found");
  EXPECT_THAT(outcome([&] { Document{missing}; }).message, HasSubstr(missing.string()));
  EXPECT_THAT(outcome([&] { Document{directory()}; }).message, HasSubstr("not a regular file"));
  const fs::path pipe = directory() / "pipe.pdf";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_THAT(outcome([&] { Document{pipe}; }).message, HasSubstr("not a regular file"));
}

TEST_F(Reader, LimitsOfTheCallerHold) {
  const std::string content = test::simple_pdf({"one", "two", "three"});
  PageLimits limits;
  limits.max_pages = 2;
  EXPECT_THAT(opening("a.pdf", content, limits).message, HasSubstr("3 pages, but at most 2"));
  limits = {};
  limits.max_file_bytes = 100;
  EXPECT_EQ(opening("b.pdf", content, limits).code, "limit");
  limits = {};
  limits.image.max_pixels = 9000;
  const fs::path path = file("c.pdf", content);
  Document document(path, limits);
  EXPECT_EQ(document.render(1, 100).height, 100);
  const Outcome result = outcome([&] { document.render(1, 200); });
  EXPECT_EQ(result.code, "limit");
  EXPECT_THAT(result.message, HasSubstr("page 1 would be 155 x 200 pixels"));
  EXPECT_EQ(document.render(2, 100).height, 100) << "the document remains usable";
}

TEST_F(Reader, PagesAreCountedFromOneAndChecked) {
  Document document(file("a.pdf", test::simple_pdf({"one"})));
  for (const int number : {-1, 0, 2}) {
    const Outcome result = outcome([&] { document.text(number); });
    EXPECT_EQ(result.code, "bad_input");
    EXPECT_THAT(result.message,
                HasSubstr(fmt::format("there is no page {}; the document has 1", number)));
  }
  EXPECT_EQ(outcome([&] { document.render(1, 0); }).code, "usage");
}

TEST_F(Reader, ABrokenPageLeavesTheOthersReadable) {
  PdfBuilder pdf;
  pdf.add_page(text_at(72, 720, "first"));
  pdf.add_missing_page();
  pdf.add_page(text_at(72, 720, "third"));
  Document document(file("a.pdf", pdf.finish()));
  EXPECT_EQ(document.text(1).text, "first");
  const Outcome result = outcome([&] { document.render(2, 100); });
  EXPECT_EQ(result.code, "bad_input");
  EXPECT_THAT(result.message, HasSubstr("page 2 of 3 is damaged"));
  EXPECT_EQ(document.text(3).text, "third");
}

// ---- hostile input: the worker is ended, the program and the document live on

std::string pdf_with_endless_page() {
  PdfBuilder pdf;
  pdf.add_page(text_at(72, 720, "first"));
  const std::string resources = test::endless_resources(pdf);
  pdf.add_page("/X0 Do", 612, 792, "", resources);
  pdf.add_page(text_at(72, 720, "third"));
  return pdf.finish();
}

TEST_F(Reader, EndlessPagesRunIntoTheTimeLimits) {
  const fs::path path = file("a.pdf", pdf_with_endless_page());
  PageLimits cpu;
  cpu.max_cpu_seconds = 1;
  PageLimits wall;
  wall.max_wall_seconds = 1;
  for (const auto& [limits, message] :
       {std::pair{cpu, "more than 1 s of processor time"}, {wall, "took more than 1 s and"}}) {
    Document document(path, limits);
    EXPECT_EQ(document.text(1).text, "first");
    const Outcome result = outcome([&] { document.render(2, 100); });
    EXPECT_EQ(result.code, "limit");
    EXPECT_THAT(result.message, HasSubstr(message));
    EXPECT_THAT(result.message, HasSubstr(path.string()));
    EXPECT_EQ(document.text(3).text, "third") << "a new worker takes over";
  }
}

TEST_F(Reader, ADecompressionBombRunsIntoTheMemoryLimit) {
  if (kSanitized) GTEST_SKIP() << "sanitizers need more address space than any limit";
  // 300 MB of spaces in 1.3 MB.
  const std::string spaces(300 << 20, ' ');
  std::string packed(::compressBound(spaces.size()), '\0');
  uLongf size = packed.size();
  ASSERT_EQ(::compress2(reinterpret_cast<Bytef*>(packed.data()), &size,
                        reinterpret_cast<const Bytef*>(spaces.data()), spaces.size(), 1),
            Z_OK);
  packed.resize(size);
  PdfBuilder pdf;
  const int bomb = pdf.add_stream(packed, "/Filter /FlateDecode");
  const int page = pdf.add(
      fmt::format("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents {} 0 R >>", bomb));
  pdf.set(2, fmt::format("<< /Type /Pages /Kids [{} 0 R] /Count 1 >>", page));
  const fs::path path = file("bomb.pdf", pdf.finish());
  PageLimits limits;
  limits.image.max_pixels = 1'000'000;
  limits.max_memory_bytes = 256u << 20;
  Document document(path, limits);
  const Outcome result = outcome([&] { document.render(1, 100); });
  EXPECT_EQ(result.code, "limit") << result.message;
  EXPECT_THAT(result.message, HasSubstr("256 MiB of memory"));
}

TEST_F(Reader, HugePagesAreDrawnAtTheSizeAskedFor) {
  PdfBuilder pdf;
  pdf.add_page("1 0 0 rg 0 0 1e9 1e9 re f", 2e9, 1e9);
  Document document(file("a.pdf", pdf.finish()));
  try {
    const Image page = document.render(1, 100);
    EXPECT_LE(std::max(page.width, page.height), 100);
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("a.pdf"));
  }
}

TEST_F(Reader, ASignalEndsTheWaiting) {
  const fs::path path = file("a.pdf", pdf_with_endless_page());
  EXPECT_EXIT(
      {
        install_interrupt_handler();
        Document document(path);
        std::raise(SIGTERM);
        const Outcome result = outcome([&] { document.render(2, 100); });
        std::_Exit(result.code == "interrupted" ? 130 : 1);
      },
      testing::ExitedWithCode(130), "");
}

size_t open_descriptors() {
  size_t count = 0;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator("/proc/self/fd")) ++count;
  return count;
}

TEST_F(Reader, FiftyDocumentsLeaveNothingBehind) {
  const fs::path good = file("a.pdf", test::simple_pdf({"one"}));
  const fs::path bad = file("b.pdf", "%PDF-1.7 nothing");
  Document(good).text(1);
  const size_t before = open_descriptors();
  for (int i = 0; i < 25; ++i) {
    Document document(good);
    document.render(1, 50);
    EXPECT_EQ(outcome([&] { Document{bad}; }).code, "bad_input");
  }
  EXPECT_EQ(open_descriptors(), before);
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a worker was left behind";
  EXPECT_EQ(errno, ECHILD);
}

TEST_F(Reader, DocumentsCanBeMoved) {
  Document first(file("a.pdf", test::simple_pdf({"one"})));
  Document second(file("b.pdf", test::simple_pdf({"two"})));
  second = std::move(first);
  EXPECT_EQ(second.text(1).text, "one");
}

// ---- the pieces that have to be there

TEST_F(Reader, AMissingWorkerOrPdfiumIsExplained) {
  const fs::path pdf = file("a.pdf", test::simple_pdf({"one"}));
  const fs::path image = file("a.png", encode_png({1, 1, {1, 2, 3}}));
  {
    const Setting setting("RECTO_PAGE_WORKER", "/nonexistent/worker");
    const Outcome result = outcome([&] { Document{pdf}; });
    EXPECT_EQ(result.code, "not_found");
    EXPECT_THAT(result.message, HasSubstr("/nonexistent/worker"));
    EXPECT_THAT(sandbox_report().problem, HasSubstr("/nonexistent/worker"));
  }
  const Setting setting("RECTO_PDFIUM", "/nonexistent/libpdfium.so");
  const Outcome result = outcome([&] { Document{pdf}; });
  EXPECT_EQ(result.code, "not_found");
  EXPECT_THAT(result.message, HasSubstr("set RECTO_PDFIUM"));
  EXPECT_EQ(Document(image).render(1, 0).rgb, (std::vector<uint8_t>{1, 2, 3}));
  EXPECT_FALSE(sandbox_report().pdfium);
}

TEST(SandboxReport, FindsAllWell) {
  const SandboxReport report = sandbox_report();
  EXPECT_TRUE(report.pdfium) << report.problem;
  EXPECT_TRUE(report.seccomp);
  EXPECT_EQ(report.landlock, report.landlock_abi > 0);
  EXPECT_TRUE(fs::exists(report.worker_path));
  EXPECT_TRUE(fs::exists(report.pdfium_path));
  EXPECT_EQ(report.problem.empty(), report.landlock) << report.problem;
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

}  // namespace
}  // namespace recto
