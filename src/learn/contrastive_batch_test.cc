// What a step is made of, and which of its documents are no negatives.

#include <gtest/gtest.h>

#include "learn/batch_test_support.h"
#include "learn/false_negatives.h"

namespace recto {
namespace {

using Rows = std::vector<std::vector<int>>;

Rows rows_of(const torch::Tensor& mask) {
  Rows rows;
  for (int64_t i = 0; i < mask.size(0); ++i) {
    rows.emplace_back();
    for (int64_t j = 0; j < mask.size(1); ++j) rows.back().push_back(mask[i][j].item<bool>());
  }
  return rows;
}

/// Three queries: 0 and 1 share page 0; 2 has page 1, near-duplicate of page 2.
TrainingData shared_pages() {
  TrainingData data;
  data.pages = {{"a", "train", "d", ""},
                {"b", "train", "d", "g"},
                {"c", "train", "d", "g"},
                {"e", "train", "d", ""}};
  data.queries = {{"q0", "one", {0}, {3}}, {"q1", "two", {0, 3}, {2}}, {"q2", "three", {1}, {2}}};
  data.pairs = {{0, 0}, {1, 0}, {1, 3}, {2, 1}};
  return data;
}

TEST(ContrastiveBatchTest, KnownAnswersAreNoNegatives) {
  const TrainingData data = shared_pages();
  const ContrastiveBatch batch = batch_of(data, {0, 1, 3}, 1);
  EXPECT_EQ(batch.pages, (std::vector<size_t>{0, 1, 3, 2}));  // page 0 and 2 are encoded once
  EXPECT_EQ(batch.owners, (std::vector<size_t>{0, 1, 2}));
  EXPECT_EQ(batch.documents(), (std::vector<size_t>{0, 0, 1, 3, 2, 2}));
  // Columns: the pages of q0, q1, q2, then the hard negatives e, c, c.
  EXPECT_EQ(rows_of(false_negative_mask(data, batch)),
            (Rows{{0, 1, 0, 0, 0, 0},     // q1's page is q0's own again
                  {1, 0, 0, 1, 0, 0},     // e answers q1
                  {0, 0, 0, 0, 1, 1}}));  // c shows the same as b
}

TEST(ContrastiveBatchTest, TheSameQueryTextIsMasked) {
  TrainingData data = shared_pages();
  data.queries[2].text = " One";
  EXPECT_EQ(rows_of(false_negative_mask(data, batch_of(data, {0, 3}, 0))), (Rows{{0, 1}, {1, 0}}));
}

TEST(ContrastiveBatchTest, DuplicatesOfAnotherAnswerAreMasked) {
  TrainingData data = shared_pages();
  data.queries[0].positives = {0, 1};  // so page c, which shows what b shows, answers it as well
  const ContrastiveBatch batch = batch_of(data, {0, 3}, 1);
  EXPECT_EQ(batch.documents(), (std::vector<size_t>{0, 1, 3, 2}));
  EXPECT_EQ(rows_of(false_negative_mask(data, batch)), (Rows{{0, 1, 0, 1}, {0, 0, 0, 1}}));
}

TEST(ContrastiveBatchTest, PagesOfTheSameDocumentAreMaskedWhenAsked) {
  TrainingData data = shared_pages();
  data.pages[3].document_id = "other";
  const ContrastiveBatch batch = batch_of(data, {0, 3}, 1);
  EXPECT_EQ(rows_of(false_negative_mask(data, batch)), (Rows{{0, 0, 0, 0}, {0, 0, 0, 1}}));
  EXPECT_EQ(rows_of(false_negative_mask(data, batch, {.same_document = true})),
            (Rows{{0, 1, 0, 1}, {1, 0, 0, 1}}));
}

TrainingData::Page page(const std::string& document, const std::string& language, int number,
                        int pages, const std::string& family = "f") {
  TrainingData::Page page{document + "-" + std::to_string(number), "train", document};
  page.language = language;
  page.number = number;
  page.document_pages = pages;
  page.family = family;
  return page;
}

TEST(ContrastiveBatchTest, TranslationsStandAtTheSamePlaceOfAnotherLanguage) {
  struct Case {
    const char* name;
    TrainingData::Page a, b;
    bool translation;
  };
  for (const Case& c : {
           Case{"the same page", page("x", "en", 7, 10), page("y", "de", 7, 10), true},
           Case{"the next", page("x", "en", 7, 10), page("y", "de", 8, 10), true},
           Case{"the one after", page("x", "en", 7, 10), page("y", "de", 9, 10), false},
           Case{"of a longer one", page("x", "en", 50, 100), page("y", "de", 60, 120), true},
           Case{"5 % away", page("x", "en", 50, 100), page("y", "de", 55, 100), true},
           Case{"6 % away", page("x", "en", 50, 100), page("y", "de", 56, 100), false},
           Case{"one language", page("x", "en", 7, 10), page("y", "en", 7, 10), false},
           Case{"unknown", page("x", "en", 7, 10), page("y", "", 7, 10), false},
           Case{"another family", page("x", "en", 7, 10), page("y", "de", 7, 10, "g"), false},
           Case{"no family", page("x", "en", 7, 10, ""), page("y", "de", 7, 10, ""), false},
           Case{"one document", page("x", "en", 7, 10), page("x", "de", 7, 10), false},
           Case{"pages unknown", page("x", "en", 7, 0), page("y", "de", 7, 0), false},
       }) {
    EXPECT_EQ(may_be_translation(c.a, c.b), c.translation) << c.name;
    EXPECT_EQ(may_be_translation(c.b, c.a), c.translation) << c.name;
  }
}

TEST(ContrastiveBatchTest, TranslationsAreMaskedWhenAsked) {
  TrainingData data;
  data.pages = {page("x", "en", 1, 9), page("y", "de", 1, 9), page("y", "de", 8, 9)};
  data.queries = {{"q0", "one", {0}, {}}, {"q1", "eins", {1}, {}}, {"q2", "acht", {2}, {}}};
  data.pairs = {{0, 0}, {1, 1}, {2, 2}};
  const ContrastiveBatch batch = batch_of(data, {0, 1, 2}, 0);
  EXPECT_EQ(rows_of(false_negative_mask(data, batch)), (Rows{{0, 0, 0}, {0, 0, 0}, {0, 0, 0}}));
  EXPECT_EQ(rows_of(false_negative_mask(data, batch, {.translations = true})),
            (Rows{{0, 1, 0}, {1, 0, 0}, {0, 0, 0}}));
}

TEST(ContrastiveBatchTest, MaskedDocumentsTakeNoPartInTheLoss) {
  const TrainingData data = shared_pages();
  const ContrastiveBatch batch = batch_of(data, {0, 1}, 0);
  const torch::Tensor vectors = torch::eye(4).narrow(0, 0, 3).clone().requires_grad_();
  LossInput input;
  input.mask = false_negative_mask(data, batch);
  set_vectors(input, vectors, batch);
  // Nothing but the own page is left to compare with.
  EXPECT_EQ(loss_value(LossKind::kInfoNce, input).item<double>(), 0);
  EXPECT_EQ(count_comparisons(LossKind::kInfoNce, input), 0);
}

}  // namespace
}  // namespace recto
