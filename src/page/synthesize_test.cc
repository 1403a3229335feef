#include "page/synthesize.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "page/font_library.h"
#include "page/reader_test_support.h"
#include "page/synthetic_page.h"
#include "page/test_pdf.h"

namespace recto::test {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFonts = "/usr/share/fonts/truetype/dejavu";  // of fonts-dejavu-core

const std::vector<std::string>& words() {
  static const std::vector<std::string> kWords = [] {
    std::vector<std::string> words;
    for (const char* word : {"The",
                             "quick",
                             "brown",
                             "fox",
                             "jumps",
                             "over",
                             "the",
                             "lazy",
                             "dog,",
                             "12.5",
                             "(see",
                             "below)",
                             "\xC3\x9C"
                             "ber",
                             "gr\xC3\xB6\xC3\x9Fte",
                             "\xC3\xA9t\xC3\xA9",
                             "\xC5\x82\xC3\xB3"
                             "d\xC5\xBA",
                             "\xD0\xA1\xD0\xBB\xD0\xBE\xD0\xB2\xD0\xBE",
                             "\xCE\xBB\xCF\x8C\xCE\xB3\xCE\xBF\xCF\x82",
                             "AVATAR",
                             "office"}) {
      words.emplace_back(word);
    }
    return words;
  }();
  return kWords;
}

/// How many of `drawn` the reader found: the same word with its box at the same place.
size_t found_again(const std::vector<Word>& drawn, const std::vector<Word>& read) {
  std::multimap<std::string, const Word*> by_text;
  for (const Word& word : read) by_text.emplace(word.text, &word);
  const auto near = [](float a, float b) { return std::abs(a - b) < 0.01F; };
  size_t found = 0;
  for (const Word& word : drawn) {
    const auto [begin, end] = by_text.equal_range(word.text);
    const auto same = std::find_if(begin, end, [&](const auto& entry) {
      const Word& other = *entry.second;
      return near(word.left, other.left) && near(word.right, other.right) &&
             near(word.top + word.bottom, other.top + other.bottom);
    });
    if (same == end) continue;
    by_text.erase(same);
    ++found;
  }
  return found;
}

TEST(SyntheticPage, IsReadBackAsItWasDrawn) {
  const FontLibrary fonts({kFonts});
  size_t drawn = 0, found = 0, read = 0;
  for (const FontFamily& family : fonts.families()) {
    WordQueue queue(words());
    PdfWriter writer;
    PageMaterial material{queue, writer, family, family};
    std::vector<std::vector<Word>> pages;
    Random random(7);
    for (int page = 1; page <= 25; ++page) {
      pages.push_back(add_synthetic_page(material, page, random));
    }
    const TemporaryDirectory directory;
    write_file(directory.path() / "a.pdf", writer.finish("a"));
    Document document(directory.path() / "a.pdf");
    ASSERT_EQ(document.page_count(), 25);
    for (int page = 1; page <= 25; ++page) {
      const std::vector<Word> back = document.text(page).words;
      const std::vector<Word>& there = pages[static_cast<size_t>(page) - 1];
      drawn += there.size();
      read += back.size();
      found += found_again(there, back);
      for (const Word& word : there) {
        EXPECT_TRUE(word.left > 0.01 && word.right < 0.99 && word.top > 0 && word.bottom < 1)
            << family.faces[0].family << " page " << page << ": " << word.text;
      }
    }
  }
  EXPECT_GT(drawn, 10'000U);
  EXPECT_GE(static_cast<double>(found), 0.99 * static_cast<double>(drawn));
  EXPECT_GE(static_cast<double>(found), 0.99 * static_cast<double>(read));
}

TEST(PageStyle, HasReadableInkAndRoomForItsColumns) {
  for (uint64_t seed = 0; seed < 2000; ++seed) {
    Random random(seed);
    const PageStyle style = draw_page_style(random);
    EXPECT_GE(contrast(style.ink, style.paper), 4.5) << seed;
    EXPECT_GE(contrast(style.accent, style.paper), 4.5) << seed;
    EXPECT_GE(style.column_width(), 80) << seed;
    EXPECT_GE(style.body_size, 7) << seed;
  }
}

TEST(WordQueue, LeavesOutWhatTheFontLacks) {
  const FontLibrary fonts({kFonts});
  PdfWriter writer;
  const TextFormat format{&writer.font(fonts.families()[0].faces[0]), 10, 0, 12, {}};
  WordQueue queue({"one", "\xE6\x97\xA5\xE6\x9C\xAC", "two"});
  EXPECT_EQ(take_line(queue, format, 500, 3).words,
            (std::vector<std::string>{"one", "two", "one"}));
  WordQueue none({"\xE6\x97\xA5\xE6\x9C\xAC"});
  EXPECT_TRUE(take_line(none, format, 500, 3).words.empty());
}

TEST(DrawableWords, AreThoseThatCanBeDrawn) {
  const struct {
    const char* text;
    std::vector<std::string> words;
  } cases[] = {
      {"", {}},
      {"one two\nthree", {"one", "two", "three"}},
      {"contents ........ 12", {"contents", "12"}},
      {"Ein- und Ausgabe", {"und", "Ausgabe"}},
      {"propri\xC2\xB4"
       "et\xC2\xB4"
       "e `a l'aide \xE2\x80\xA2 --",
       {"l'aide"}},
      {"e\xCC\x81t\xC3\xA9 \xD7\xA9\xD7\x9C\xD7\x95\xD7\x9D \xF0\x9F\x98\x80 ok", {"ok"}},
      {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa b", {"b"}},
  };
  for (const auto& [text, words] : cases) EXPECT_EQ(drawable_words(text), words) << text;
}

TEST(Capitals, OfSeveralAlphabets) {
  EXPECT_EQ(capitals_of("stra\xC3\x9F"
                        "e \xC3\xBC\xC3\xB7 \xC5\x82\xC5\xBA \xCE\xBB \xD0\xB6\xD1\x91 1"),
            "STRA\xC3\x9F"
            "E \xC3\x9C\xC3\xB7 \xC5\x81\xC5\xB9 \xCE\x9B \xD0\x96\xD0\x81 1");
}

class Synthesize : public Reader {
 protected:
  /// A PDF with a text layer of `lines` lines.
  fs::path source(const std::string& name, int lines) const {
    PdfBuilder builder;
    std::string content;
    for (int i = 0; i < lines; ++i) {
      content += text_at(50, 750 - 12 * i, "Line of words that stands below the other lines");
    }
    builder.add_page(content);
    return file(name, builder.finish());
  }
  std::map<std::string, std::string> synthesize(const std::vector<fs::path>& sources,
                                                const std::string& output,
                                                SynthesisSettings settings) const {
    if (settings.fonts.empty()) settings.fonts = {kFonts};
    synthesize_pages(sources, directory() / output, settings);
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::directory_iterator(directory() / output)) {
      files[entry.path().filename().string()] = read_file(entry.path());
    }
    return files;
  }
};

TEST_F(Synthesize, TheSeedDecidesTheBytes) {
  const std::vector<fs::path> sources{source("some thing.pdf", 30), source("b.pdf", 30)};
  const SynthesisSettings settings{.pages = 7, .document_pages = 3, .seed = 5};
  const auto first = synthesize(sources, "first", settings);
  ASSERT_EQ(first.size(), 3U);
  EXPECT_TRUE(first.contains("some_thing-00001.pdf") || first.contains("b-00001.pdf"));
  EXPECT_EQ(Document(directory() / "first" / first.rbegin()->first).is_pdf(), true);
  EXPECT_EQ(
      synthesize(sources, "second", {.pages = 7, .document_pages = 3, .seed = 5, .threads = 3}),
      first);
  EXPECT_NE(synthesize(sources, "third", {.pages = 7, .document_pages = 3, .seed = 6}), first);
}

TEST_F(Synthesize, LeavesOutWhatCannotBeUsed) {
  fs::create_directory(directory() / "fonts");
  file("fonts/broken.ttf", "no font");
  const std::string whole = read_file(fs::path(kFonts) / "DejaVuSans.ttf");
  file("fonts/cut.ttf", whole.substr(0, 20'000));
  const SynthesisSettings settings{.fonts = {(directory() / "fonts").string()}, .pages = 2};
  const std::vector<fs::path> sources{source("a.pdf", 30), source("short.pdf", 1),
                                      file("broken.pdf", "%PDF-1.7 nothing")};
  const Outcome none = outcome([&] { synthesize(sources, "none", settings); });
  EXPECT_EQ(none.code, "not_found");
  EXPECT_NE(none.message.find("scripts/fetch_debian_fonts"), std::string::npos) << none.message;
  EXPECT_FALSE(fs::exists(directory() / "none"));

  file("fonts/whole.TTF", whole);
  testing::internal::CaptureStderr();
  EXPECT_EQ(synthesize(sources, "some", settings).size(), 1U);
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_NE(said.find("broken.ttf"), std::string::npos) << said;
  EXPECT_NE(said.find("cut.ttf"), std::string::npos) << said;
}

TEST_F(Synthesize, SaysWhyNothingCanBeMade) {
  const struct {
    std::vector<fs::path> sources;
    SynthesisSettings settings;
    std::string code, says;
  } cases[] = {
      {{source("short.pdf", 1)}, {.pages = 1}, "bad_input", "PDFs with a text layer are wanted"},
      {{source("a.pdf", 30)}, {.fonts = {"/nowhere"}, .pages = 1}, "not_found", "/nowhere"},
      {{source("a.pdf", 30)}, {.fonts = {"/etc/hostname"}, .pages = 1}, "not_found", "a folder"},
  };
  for (const auto& [sources, settings, code, says] : cases) {
    const Outcome result = outcome([&] { synthesize(sources, "out", settings); });
    EXPECT_EQ(result.code, code);
    EXPECT_NE(result.message.find(says), std::string::npos) << result.message;
    EXPECT_FALSE(fs::exists(directory() / "out"));
  }
  const Outcome there = outcome([&] { synthesize({source("a.pdf", 30)}, "a.pdf", {.pages = 1}); });
  EXPECT_EQ(there.code, "usage");
}

}  // namespace
}  // namespace recto::test
