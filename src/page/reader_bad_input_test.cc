// Files that are damaged, hostile or not there, and what happens to the worker that reads them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <limits>

#include "base/interrupt.h"
#include "page/encode.h"
#include "page/reader.h"
#include "page/reader_test_support.h"
#include "page/sanitizer.h"
#include "page/test_bomb.h"
#include "page/test_pdf.h"
#include "support/support.h"

namespace recto {
namespace {
namespace fs = std::filesystem;
using test::Outcome;
using test::outcome;
using test::PdfBuilder;
using test::Reader;
using test::text_at;
using testing::HasSubstr;

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

// ---- hostile input that is no page: it is not there

TEST_F(Reader, ScriptsAndAttachmentsAreNoPartOfAPage) {
  const std::string plain = test::simple_pdf({"plain words"});
  const std::vector<std::string> names = {"../../escaped.pdf", "/tmp/escaped.pdf", "inner.pdf"};
  const std::pair<const char*, std::string> cases[] = {
      {"scripts.pdf", test::scripted_pdf("plain words")},
      {"attachments.pdf", test::pdf_with_attachments("plain words", names, plain)}};
  const Image expected = Document(file("plain.pdf", plain)).render(1, 300);
  PageLimits limits;
  limits.max_cpu_seconds = 20;  // a script that ran would not end
  for (const auto& [name, content] : cases) {
    Document document(file(name, content), limits);
    EXPECT_EQ(document.page_count(), 1) << name;
    EXPECT_EQ(document.text(1).text, "plain words") << name;
    EXPECT_EQ(document.render(1, 300).rgb, expected.rgb) << name;
  }
  size_t files = 0;
  for ([[maybe_unused]] const auto& entry : fs::recursive_directory_iterator(directory())) ++files;
  EXPECT_EQ(files, 3u) << "nothing but the three documents";
  EXPECT_FALSE(fs::exists(directory() / "../../escaped.pdf"));
  EXPECT_FALSE(fs::exists("/tmp/escaped.pdf"));
}

TEST_F(Reader, AMillionPagesAreTooMany) {
  for (const auto& [kids, levels] : {std::pair{1'000'000, 1}, {10, 6}}) {
    const Outcome result = opening("many.pdf", test::pdf_of_many_pages(kids, levels));
    EXPECT_EQ(result.code, "limit");
    EXPECT_THAT(result.message, HasSubstr("1000000 pages, but at most 20000"));
  }
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
  const fs::path path = file("bomb.pdf", test::bomb_pdf());
  PageLimits limits;
  limits.image.max_pixels = 1'000'000;
  limits.max_memory_bytes = 256u << 20;
  Document document(path, limits);
  const Outcome result = outcome([&] { document.render(1, 100); });
  EXPECT_EQ(result.code, "limit") << result.message;
  EXPECT_THAT(result.message, HasSubstr("256 MiB of memory"));
}

TEST_F(Reader, PagesOfAnySizeAreDrawnAtTheSizeAskedFor) {
  constexpr double kInfinite = std::numeric_limits<double>::infinity();
  const std::pair<double, double> sizes[] = {{2e9, 1e9},   {1e38, 1e38},   {1e300, 9},
                                             {1e-9, 1e-9}, {1e9, 1e-9},    {0, 0},
                                             {-9, 1e9},    {kInfinite, 1}, {1, kInfinite}};
  for (const auto& [width, height] : sizes) {
    SCOPED_TRACE(fmt::format("{} x {}", width, height));
    PdfBuilder pdf;
    pdf.add_page("1 0 0 rg 0 0 1e9 1e9 re f", width, height);
    Document document(file("a.pdf", pdf.finish()));
    try {
      const Image page = document.render(1, 100);
      EXPECT_EQ(std::max(page.width, page.height), 100);
      EXPECT_GE(std::min(page.width, page.height), 1);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kBadInput);
      EXPECT_THAT(error.what(), HasSubstr("a.pdf"));
    }
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

}  // namespace
}  // namespace recto
