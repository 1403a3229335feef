#include "curate/ocr.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "page/sanitizer.h"
#include "page/test_pdf.h"

namespace recto {
namespace {
namespace fs = std::filesystem;

constexpr const char* kTitle =
    "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext"
    "\n";

/// A row of Tesseract's table.
std::string row(int block, int paragraph, int line, int left, const std::string& text,
                double confidence = 95) {
  return fmt::format("5\t1\t{}\t{}\t{}\t1\t{}\t{}\t50\t20\t{}\t{}\n", block, paragraph, line, left,
                     100 * line, confidence, text);
}

TEST(OcrTable, WordsLinesAndParagraphs) {
  const std::string table = std::string(kTitle) + "1\t1\t0\t0\t0\t0\t0\t0\t1000\t2000\t-1\t\n" +
                            row(1, 1, 1, 100, "Hello") + row(1, 1, 1, 200, "world") +
                            row(1, 1, 2, 100, "again") + row(1, 2, 1, 100, "New") +
                            row(2, 1, 1, 100, "Block");
  const PageText text = parse_ocr_table(table, 1000, 2000);
  EXPECT_EQ(text.text, "Hello world\nagain\nNew\nBlock");
  ASSERT_EQ(text.words.size(), 5u);
  EXPECT_EQ(text.words[1].text, "world");
  EXPECT_FLOAT_EQ(text.words[1].left, 0.2F);
  EXPECT_FLOAT_EQ(text.words[1].right, 0.25F);
  EXPECT_FLOAT_EQ(text.words[1].top, 0.05F);
  EXPECT_FLOAT_EQ(text.words[1].bottom, 0.06F);
}

TEST(OcrTable, DividedWordsAreRejoinedInTheText) {
  const std::tuple<const char*, const char*, const char*> cases[] = {
      {"some-", "thing", "something"},
      {"Non-", "English", "Non-\nEnglish"},
      {"-", "item", "-\nitem"},
      {"1-", "two", "1-\ntwo"},
      {"Schlüs-", "ähnlich", "Schlüsähnlich"},
      {"end", "next", "end\nnext"},
  };
  for (const auto& [first, second, wanted] : cases) {
    const PageText text =
        parse_ocr_table(row(1, 1, 1, 100, first) + row(1, 1, 2, 100, second), 1000, 1000);
    EXPECT_EQ(text.text, wanted);
    EXPECT_EQ(text.words.size(), 2u);
  }
  // Not from one paragraph to the next.
  EXPECT_EQ(parse_ocr_table(row(1, 1, 1, 1, "some-") + row(1, 2, 1, 1, "thing"), 9, 9).text,
            "some-\nthing");
}

TEST(OcrTable, IdeographsStandWithoutSpaces) {
  EXPECT_EQ(
      parse_ocr_table(
          row(1, 1, 1, 1, "软件") + row(1, 1, 1, 60, "包") + row(1, 1, 1, 120, "Debian"), 999, 999)
          .text,
      "软件包 Debian");
}

TEST(OcrTable, WhatIsNoWordIsLeftOut) {
  const std::string table = row(1, 1, 1, 10, "kept") + row(1, 1, 1, 70, "noise", 29.9) +
                            row(1, 1, 1, 70, " ") + row(1, 1, 1, 70, "") +
                            "5\t1\t1\t1\t1\t1\t10\t10\t0\t20\t95\tflat\n" +
                            "5\t1\t1\t1\t1\t1\tx\t10\t5\t20\t95\tno number\n" +
                            "5\t1\t1\t1\t1\t1\t99999999999999\t10\t5\t20\t95\ttoo much\n" +
                            "5\t1\t1\n" + "\n" + "garbage\n" + "5\t";
  EXPECT_EQ(parse_ocr_table(table, 100, 100).text, "kept");
  EXPECT_EQ(parse_ocr_table("", 100, 100).text, "");
  // Boxes beyond the picture end at its edge; broken UTF-8 is replaced.
  const PageText text =
      parse_ocr_table("5\t1\t1\t1\t1\t1\t-5\t10\t2147483647\t20\t95\ta\xff\n", 100, 100);
  ASSERT_EQ(text.words.size(), 1u);
  EXPECT_EQ(text.words[0].text, "a\uFFFD");
  EXPECT_EQ(text.words[0].left, 0);
  EXPECT_EQ(text.words[0].right, 1);
}

TEST(Ocr, PacksOfLanguages) {
  const OcrProgram program{"/usr/bin/tesseract",
                           "5.3.0",
                           {"chi_sim", "chi_tra", "deu", "eng", "fra", "nor", "osd", "por"}};
  const std::pair<const char*, const char*> cases[] = {{"de", "deu"},
                                                       {"de-AT", "deu"},
                                                       {"DE_at", "deu"},
                                                       {"en", "eng"},
                                                       {"pt-BR", "por"},
                                                       {"zh", "chi_sim"},
                                                       {"zh-Hans", "chi_sim"},
                                                       {"zh-Hant", "chi_tra"},
                                                       {"zh_TW", "chi_tra"},
                                                       {"nb", "nor"},
                                                       {"ru", ""},
                                                       {"tlh", ""},
                                                       {"", "eng+chi_sim+chi_tra+deu"}};
  for (const auto& [language, packs] : cases) EXPECT_EQ(ocr_packs(program, language), packs);
  EXPECT_EQ(ocr_packs({"/x", "5", {"osd"}}, ""), "");
  EXPECT_EQ(ocr_package("ru"), "tesseract-ocr-rus");
  EXPECT_EQ(ocr_package("zh"), "tesseract-ocr-chi-sim");
  EXPECT_EQ(ocr_package("tlh"), "");
}

/// A program that is no Tesseract.
class FakeProgram {
 public:
  explicit FakeProgram(const std::string& script) {
    program.path = directory_.path() / "tesseract";
    program.version = "0";
    write_file(program.path, "#!/bin/sh\n" + script + "\n");
    fs::permissions(program.path, fs::perms::owner_all);
  }
  fs::path folder() const { return directory_.path(); }
  OcrProgram program;

 private:
  TemporaryDirectory directory_;
};

Image white(int width, int height) {
  Image image{width, height, {}};
  image.rgb.assign(static_cast<size_t>(width) * static_cast<size_t>(height) * 3, 255);
  return image;
}

ErrorCode error_of(const std::string& script, const OcrLimits& limits) {
  const FakeProgram fake(script);
  try {
    read_by_ocr(fake.program, white(10, 10), "eng", limits);
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("tesseract"));
    return error.code();
  }
  ADD_FAILURE() << "no error: " << script;
  return ErrorCode::kInternal;
}

TEST(Ocr, AProgramThatMisbehavesCostsItsLimits) {
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(error_of("exec sleep 100", {1, 60, uint64_t{2} << 30}), ErrorCode::kLimit);
  EXPECT_EQ(error_of("while :; do :; done", {60, 1, uint64_t{2} << 30}), ErrorCode::kLimit);
  EXPECT_EQ(error_of("exec cat /dev/zero", {60, 60, uint64_t{2} << 30}), ErrorCode::kLimit);
  EXPECT_EQ(error_of("exit 3", {}), ErrorCode::kBadInput);
  EXPECT_EQ(error_of("kill -SEGV $$", {}), ErrorCode::kBadInput);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(30));
}

TEST(Ocr, WhatAProgramStartedEndsWithIt) {
  const FakeProgram fake("sleep 1000 & echo $! > \"${0%/*}/child\"; wait");
  EXPECT_THROW(read_by_ocr(fake.program, white(10, 10), "eng", {1, 60, uint64_t{2} << 30}), Error);
  const pid_t child = std::stoi(read_file(fake.folder() / "child"));
  bool gone = false;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!gone && std::chrono::steady_clock::now() < deadline) {
    // A dead process stays a zombie until init looks after it.
    std::ifstream file("/proc/" + std::to_string(child) + "/stat");
    std::string status;
    gone = !std::getline(file, status) || status.find(") Z ") != std::string::npos;
    std::this_thread::yield();
  }
  EXPECT_TRUE(gone) << child;
}

TEST(Ocr, GetsThePictureAndOneThread) {
  const FakeProgram fake(
      "printf '5\\t1\\t1\\t1\\t1\\t1\\t1\\t1\\t5\\t5\\t95\\t%s\\n' "
      "$(head -c 2) $OMP_THREAD_LIMIT \"$*\"");
  const PageText text = read_by_ocr(fake.program, white(10, 10), "deu+eng");
  EXPECT_EQ(text.text, "P6 1 stdin stdout -l deu+eng --dpi 70 --psm 3 tsv");
}

/// Sets $PATH for a test.
class SearchPath {
 public:
  explicit SearchPath(const std::string& path) : before_(std::getenv("PATH")) {
    ::setenv("PATH", path.c_str(), 1);
  }
  ~SearchPath() { ::setenv("PATH", before_.c_str(), 1); }

 private:
  std::string before_;
};

TEST(Ocr, IsFoundOnThePath) {
  const FakeProgram fake(
      "case $1 in --version) echo 'tesseract 9.9'; echo ' leptonica-1';; "
      "--list-langs) echo 'List of available languages (2):'; echo osd; echo deu;; esac");
  const SearchPath path("/nonexistent:relative:" + fake.folder().string());
  const auto found = find_ocr();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->path, fake.program.path);
  EXPECT_EQ(found->version, "9.9");
  EXPECT_EQ(found->packs, (std::vector<std::string>{"deu", "osd"}));
}

TEST(Ocr, IsNotFound) {
  for (const char* script : {"exit 1", "echo something else"}) {
    const FakeProgram fake(script);
    const SearchPath path(fake.folder().string());
    EXPECT_FALSE(find_ocr()) << script;
  }
  const SearchPath path("/nonexistent");
  EXPECT_FALSE(find_ocr());
  EXPECT_THAT(ocr_missing_message(), testing::HasSubstr("apt install tesseract-ocr"));
}

/// How many of the words of `wanted` stand in `found`, each as often.
double word_overlap(const std::string& wanted, const std::string& found) {
  std::map<std::string, int> counts;
  std::istringstream words(found);
  for (std::string word; words >> word;) ++counts[word];
  int all = 0;
  int both = 0;
  std::istringstream needed(wanted);
  for (std::string word; needed >> word; ++all) both += counts[word]-- > 0 ? 1 : 0;
  return static_cast<double>(both) / all;
}

TEST(Ocr, ReadsARenderedPage) {
  const auto program = find_ocr();
  if (!program || ocr_packs(*program, "en").empty()) GTEST_SKIP() << ocr_missing_message();
  const char* const lines[] = {
      "The committee met in Geneva on the second of March to discuss water supply.",
      "Seventeen delegates agreed that every village needs a pump, a pipe and a well.",
      "Costs were estimated at 4,250 francs for the northern district alone.",
      "Repairs shall begin before winter, and a report is due in September 1987."};
  test::PdfBuilder builder;
  std::string content;
  std::string wanted;
  for (int i = 0; i < 4; ++i) {
    content += test::text_at(72, 700 - 20 * i, lines[i]);
    wanted += std::string(lines[i]) + "\n";
  }
  builder.add_page(content);
  const TemporaryDirectory directory;
  write_file(directory.path() / "page.pdf", builder.finish());
  Document document(directory.path() / "page.pdf");
  const PageText read = read_by_ocr(*program, document.render(1, 2048), "eng");
  EXPECT_GE(word_overlap(wanted, read.text), 0.9) << read.text;
  EXPECT_EQ(std::count(read.text.begin(), read.text.end(), '\n'), 3) << read.text;
  // The boxes are where the text layer has them.
  std::map<std::string, Word> layer;
  for (const Word& word : document.text(1).words) layer[word.text] = word;
  int compared = 0;
  for (const Word& word : read.words) {
    const auto found = layer.find(word.text);
    if (found == layer.end() || word.text.size() < 6) continue;
    ++compared;
    EXPECT_NEAR(word.left, found->second.left, 0.005) << word.text;
    EXPECT_NEAR(word.right, found->second.right, 0.005) << word.text;
    EXPECT_NEAR((word.top + word.bottom) / 2, (found->second.top + found->second.bottom) / 2, 0.006)
        << word.text;
  }
  EXPECT_GE(compared, 15);
  EXPECT_EQ(read_by_ocr(*program, document.render(1, 2048), "eng").text, read.text);
}

TEST(Ocr, ABlankPageHasNoText) {
  const auto program = find_ocr();
  if (!program || ocr_packs(*program, "").empty()) GTEST_SKIP() << ocr_missing_message();
  EXPECT_EQ(read_by_ocr(*program, white(700, 1000), ocr_packs(*program, "")).text, "");
}

TEST(Ocr, MemoryIsLimited) {
  if (kSanitized) GTEST_SKIP() << "sanitizers need address space of their own";
  const auto program = find_ocr();
  if (!program || ocr_packs(*program, "en").empty()) GTEST_SKIP() << ocr_missing_message();
  EXPECT_THROW(read_by_ocr(*program, white(3000, 4000), "eng", {60, 60, uint64_t{64} << 20}),
               Error);
}

}  // namespace
}  // namespace recto
