// What recto finds out about pages, on Debian's manuals. What is expected here was looked at.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <iostream>

#include "curate/language.h"
#include "curate/page_class.h"
#include "curate/test_books.h"
#include "curate/text_check.h"
#include "page/gray.h"
#include "page/reader.h"

namespace recto {
namespace {

TEST(PageFactsSlow, ContentClassesOfKnownPages) {
  const test::Books books("debian-reference-en debian-policy packaging-tutorial r-doc-pdf");
  if (!books.problem().empty()) GTEST_SKIP() << books.problem();
  using enum ContentClass;
  const struct {
    const char* file;
    int page;
    ContentClass wanted;
  } cases[] = {
      {"debian-reference-en/debian-reference.en.pdf", 1, kCover},
      {"debian-reference-en/debian-reference.en.pdf", 14, kIndex},
      {"debian-reference-en/debian-reference.en.pdf", 42, kText},
      {"debian-reference-en/debian-reference.en.pdf", 140, kMixed},
      {"debian-policy/policy.pdf", 1, kCover},
      {"debian-policy/policy.pdf", 2, kBlank},
      {"debian-policy/policy.pdf", 28, kText},
      {"debian-policy/policy.pdf", 154, kFigure},
      {"packaging-tutorial/packaging-tutorial.pdf", 1, kCover},
      {"packaging-tutorial/packaging-tutorial.pdf", 14, kText},
      {"packaging-tutorial/packaging-tutorial.pdf", 42, kFigure},
      {"r-doc-pdf/R-FAQ.pdf", 2, kIndex},
      {"r-doc-pdf/R-exts.pdf", 235, kIndex},
      {"r-doc-pdf/R-ints.pdf", 70, kText},
  };
  for (const auto& item : cases) {
    Document document(books.folder() / item.file);
    const Image image = document.render(item.page, 2048);
    const PageMeasures measures =
        measure_page(gray_thumbnail(reduce_to_gray(image)), document.text(item.page));
    EXPECT_EQ(content_class_name(classify_page(measures, item.page, document.page_count())),
              std::string(content_class_name(item.wanted)))
        << fmt::format("{} {}: ink {:.3f}, table {:.2f}, graphic {:.2f}, numbered {:.2f}, {} words",
                       item.file, item.page, measures.ink, measures.table, measures.graphic,
                       measures.numbered, measures.words);
  }
}

TEST(PageFactsSlow, LanguagesOfTranslations) {
  const test::Books books("packaging-tutorial debian-faq debian-faq-de debian-faq-fr");
  if (!books.problem().empty()) GTEST_SKIP() << books.problem();
  const std::pair<const char*, const char*> cases[] = {
      {"packaging-tutorial/packaging-tutorial.de.pdf", "de"},
      {"packaging-tutorial/packaging-tutorial.fr.pdf", "fr"},
      {"packaging-tutorial/packaging-tutorial.nl.pdf", "nl"},
      {"packaging-tutorial/packaging-tutorial.pt.pdf", "pt"},
      {"packaging-tutorial/packaging-tutorial.gl.pdf", "gl"},
      {"packaging-tutorial/packaging-tutorial.ja.pdf", "ja"},
      {"packaging-tutorial/packaging-tutorial.zh_CN.pdf", "zh"},
      {"packaging-tutorial/packaging-tutorial.zh_TW.pdf", "zh-Hant"},
      {"packaging-tutorial/packaging-tutorial.pdf", "en"},
      {"debian-faq/debian-faq.en.pdf", "en"},
      {"debian-faq-de/debian-faq.de.pdf", "de"},
      {"debian-faq-fr/debian-faq.fr.pdf", "fr"},
  };
  for (const auto& [file, language] : cases) {
    Document document(books.folder() / file);
    int sure = 0;
    int right = 0;
    int english = 0;  // of a slide with code or a notice that was not translated
    for (int page = 1; page <= document.page_count(); ++page) {
      const LanguageGuess guess = detect_language(document.text(page).text);
      if (guess.confidence < 0.5) continue;
      ++sure;
      right += guess.language == language ? 1 : 0;
      english += guess.language == "en" ? 1 : 0;
    }
    std::cout << fmt::format("{}: {} of {} pages sure, {} right, {} English\n", file, sure,
                             document.page_count(), right, english);
    EXPECT_GE(sure, 0.5 * document.page_count()) << file;
    EXPECT_GE(right, 0.75 * sure) << file;
    EXPECT_GE(right + (std::string_view(language) == "en" ? 0 : english), 0.97 * sure) << file;
  }
}

TEST(PageFactsSlow, ATextLayerInTheWrongAlphabetIsFound) {
  const test::Books books("packaging-tutorial debian-faq-fr texlive-lang-polish");
  if (!books.problem().empty()) GTEST_SKIP() << books.problem();
  const auto broken_share = [&](const char* file) {
    Document document(books.folder() / file);
    int broken = 0;
    for (int page = 1; page <= document.page_count(); ++page) {
      broken += check_text(document.text(page).text).broken() ? 1 : 0;
    }
    return static_cast<double>(broken) / document.page_count();
  };
  // Its Cyrillic letters are in the file as Latin ones with accents; slides of code are sound.
  EXPECT_GT(broken_share("packaging-tutorial/packaging-tutorial.ru.pdf"), 0.85);
  for (const char* sound :
       {"packaging-tutorial/packaging-tutorial.zh_TW.pdf", "debian-faq-fr/debian-faq.fr.pdf",
        "texlive-lang-polish/lshort-pl.pdf", "texlive-lang-polish/polish.pdf"}) {
    EXPECT_EQ(broken_share(sound), 0) << sound;
  }
}

}  // namespace
}  // namespace recto
