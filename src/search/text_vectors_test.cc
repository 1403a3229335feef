#include "search/text_vectors.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"
#include "search/lexical_words.h"

namespace recto {
namespace {

const std::vector<std::string> kPages = {
    "The kernel reads the disk and the kernel writes the disk.",
    "Printers print pages, and the printer driver speaks to the kernel.",
    "A disk image of the whole installation",
    "",
};

double cosine(std::span<const float> a, std::span<const float> b) {
  const auto dot = [](std::span<const float> x, std::span<const float> y) {
    return std::inner_product(x.begin(), x.end(), y.begin(), 0.0);
  };
  return dot(a, b) / std::sqrt(dot(a, a) * dot(b, b));
}

/// BM25 with the idf of the header, up to a factor of the query's.
double bm25(const std::vector<std::string>& words, size_t page) {
  WordTokenizer tokenizer;
  std::vector<std::vector<std::string>> pages;
  double all = 0;
  for (const std::string& text : kPages) {
    pages.push_back(lexical_words(tokenizer, text));
    all += static_cast<double>(pages.back().size());
  }
  const auto count = static_cast<double>(pages.size());
  const double length = static_cast<double>(pages[page].size()) * count / all;
  double score = 0;
  for (const std::string& word : words) {
    const auto times = [&](const std::vector<std::string>& in) {
      return static_cast<double>(std::count(in.begin(), in.end(), word));
    };
    const auto n = static_cast<double>(
        std::count_if(pages.begin(), pages.end(), [&](const auto& in) { return times(in) > 0; }));
    const double f = times(pages[page]);
    score +=
        std::log1p((count - n + 0.5) / (n + 0.5)) * f * 2.2 / (f + 1.2 * (0.25 + 0.75 * length));
  }
  return score;
}

TEST(TextVectors, CosinesAreBm25UpToAFactorOfTheQuery) {
  TextVectors vectors(kPages, {.dimensions = 60'000});
  const Matrix pages = vectors.pages();
  ASSERT_EQ(pages.rows, 4);
  ASSERT_EQ(pages.columns, 60'001);
  const std::vector<std::vector<std::string>> queries = {
      {"kernel"}, {"disk", "image"}, {"printer", "driver", "disk"}};
  for (const auto& words : queries) {
    std::string text;
    for (const std::string& word : words) text += word + " ";
    std::vector<float> query;
    ASSERT_TRUE(vectors.query(text + text, query)) << "a word counts once";
    // The factor is known from one page; the others follow.
    double dots = 0, squares = 0;
    for (size_t i = 0; i < 3; ++i) {
      dots += cosine(query, pages.row(static_cast<int64_t>(i))) * bm25(words, i);
      squares += bm25(words, i) * bm25(words, i);
    }
    for (size_t i = 0; i < 3; ++i) {
      EXPECT_NEAR(cosine(query, pages.row(static_cast<int64_t>(i))),
                  bm25(words, i) * dots / squares, 0.02)
          << text << i;
    }
  }
}

TEST(TextVectors, EveryPageHasLengthOne) {
  const Matrix pages = TextVectors(kPages, {.dimensions = 100}).pages();
  for (int64_t i = 0; i < pages.rows; ++i) {
    EXPECT_NEAR(cosine(pages.row(i), pages.row(i)), 1, 1e-6);
    const auto row = pages.row(i);
    EXPECT_NEAR(std::inner_product(row.begin(), row.end(), row.begin(), 0.0), 1, 1e-5) << i;
  }
  EXPECT_EQ(pages.row(3)[100], 1.0F) << "a page without words";
}

TEST(TextVectors, SeedsAndUnknownWords) {
  TextVectors one(kPages, {.dimensions = 100, .seed = 1}),
      same(kPages, {.dimensions = 100, .seed = 1}), other(kPages, {.dimensions = 100, .seed = 2});
  EXPECT_EQ(one.pages().values, same.pages().values);
  EXPECT_NE(one.pages().values, other.pages().values);
  std::vector<float> query = {7};
  EXPECT_FALSE(one.query("zebra, quagga", query));
  EXPECT_EQ(query, std::vector<float>{7});
  EXPECT_TRUE(one.query("zebra KERNEL", query));
}

TEST(TextVectors, WordsOfOnesOwn) {
  TextVectorSettings settings{.dimensions = 100};
  settings.split = [](const std::string& text) {
    std::vector<std::string> letters;
    for (const char c : text) letters.emplace_back(1, c);
    return letters;
  };
  TextVectors vectors(kPages, settings);
  std::vector<float> query;
  EXPECT_TRUE(vectors.query("zz, T", query)) << "a letter of the pages";
  EXPECT_FALSE(vectors.query("QQQ", query));
}

TEST(TextVectors, PagesWithoutAWordAreAnError) { EXPECT_THROW(TextVectors({"", "--"}, {}), Error); }

}  // namespace
}  // namespace recto
