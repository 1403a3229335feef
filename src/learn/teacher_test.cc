// Tables of a teacher and of a guide beside the data they are about.

#include "learn/teacher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/file.h"
#include "data/table.h"
#include "learn/guide.h"
#include "learn/reference_batch.h"
#include "support/errors.h"

namespace recto {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using Vectors = std::vector<std::pair<std::string, std::vector<float>>>;

/// Queries q0, q1 and q2 of pages a, b and c; page d is a hard negative of q0.
TrainingData three_pairs() {
  TrainingData data;
  for (const char* id : {"a", "b", "c", "d"}) data.pages.push_back({id, "train", id, ""});
  data.queries = {{"q0", "one", {0}, {3}}, {"q1", "two", {1}, {}}, {"q2", "three", {2}, {}}};
  data.pairs = {{0, 0}, {1, 1}, {2, 2}};
  return data;
}

class TeacherTest : public testing::Test {
 protected:
  std::string vectors(const std::string& name, const Vectors& rows) const {
    std::vector<std::string> ids;
    Matrix matrix(0, rows.empty() ? 2 : std::ssize(rows.front().second));
    for (const auto& [id, values] : rows) {
      ids.push_back(id);
      matrix.values.insert(matrix.values.end(), values.begin(), values.end());
      ++matrix.rows;
    }
    const fs::path file = directory_.path() / name;
    write_embeddings(file, ids, matrix, "");
    return file.string();
  }
  std::string scores(const std::string& text) const {
    const fs::path file = directory_.path() / "scores.jsonl";
    write_file(file, text);
    return file.string();
  }
  std::string all_vectors() const {
    return vectors("all.safetensors", {{"q0", {2, 0}},
                                       {"q1", {0, 3}},
                                       {"q2", {1, 1}},
                                       {"a", {1, 0}},
                                       {"b", {0, 1}},
                                       {"c", {3, 4}},
                                       {"d", {4, 3}}});
  }
  std::vector<size_t> pages(NegativePages negatives) const {
    return pages_in_steps(data_, negatives);
  }
  static TeacherWish wish(const std::vector<std::string>& losses, int dimensions = 2) {
    return {parse_losses(losses), dimensions, 0.05};
  }

  TemporaryDirectory directory_;
  TrainingData data_ = three_pairs();
};

TEST_F(TeacherTest, RowsAreFoundByIdInAllFilesAndNormalised) {
  const std::string queries =
      vectors("q.parquet", {{"q1", {0, 5}}, {"stranger", {1, 1}}, {"q0", {3, 4}}});
  const std::string pages = vectors("p.safetensors", {{"d", {-2, 0}}, {"a", {1, 0}}});
  const ReferenceVectors read = read_reference_vectors({queries, pages}, data_, "--guide");
  EXPECT_EQ(read.vectors.rows, 4);
  EXPECT_EQ(read.query_rows[2], ReferenceVectors::kNone);
  EXPECT_EQ(read.page_rows[1], ReferenceVectors::kNone);
  const auto row = [&](int64_t index) {
    const auto span = read.vectors.row(index);
    return std::vector<float>(span.begin(), span.end());
  };
  EXPECT_EQ(row(read.query_rows[0]), (std::vector<float>{0.6f, 0.8f}));
  EXPECT_EQ(row(read.page_rows[3]), (std::vector<float>{-1, 0}));
  // Neither the order of the files nor their format makes another teacher.
  EXPECT_EQ(read.sha256(), read_reference_vectors({pages, queries}, data_, "--guide").sha256());
  EXPECT_NE(read.sha256(), read_reference_vectors({pages}, data_, "--guide").sha256());
}

TEST_F(TeacherTest, TablesThatCannotBeMeantAreRefused) {
  const std::string two = vectors("two.jsonl", {{"q0", {1, 0}}, {"a", {1, 0}}});
  const std::string three = vectors("three.jsonl", {{"q1", {1, 0, 0}}});
  const std::string zero = vectors("zero.jsonl", {{"q1", {0, 0}}});
  const auto message = [&](const std::vector<std::string>& files, ErrorCode code) {
    return test::error_of([&] { read_reference_vectors(files, data_, "--guide"); }, code);
  };
  EXPECT_THAT(message({two, three}, ErrorCode::kMismatch),
              HasSubstr("two.jsonl has 2 dimensions and " + three + " has 3"));
  EXPECT_THAT(message({zero}, ErrorCode::kBadInput), HasSubstr("the vector of \"q1\" in " + zero));
  EXPECT_THAT(message({two, two}, ErrorCode::kBadInput),
              HasSubstr("\"q0\" has a vector in " + two + " and another in"));
  EXPECT_THAT(message({(directory_.path() / "no.jsonl").string()}, ErrorCode::kNotFound),
              HasSubstr("no.jsonl"));
}

TEST_F(TeacherTest, AnIdOfSeveralSourcesMustMeanTheSame) {
  data_.sources = {{"one"}, {"two"}};
  data_.queries.push_back({"q0", "ONE ", {1}, {}});  // the same query in another dataset
  data_.queries.back().source = 1;
  data_.pages.push_back({"a", "train", "another", ""});
  data_.pages.back().source = 1;
  const std::string query = vectors("query.jsonl", {{"q0", {1, 0}}});
  const ReferenceVectors read = read_reference_vectors({query}, data_, "--guide");
  EXPECT_EQ(read.query_rows, (std::vector<int64_t>{0, -1, -1, 0}));
  const std::string page = vectors("page.jsonl", {{"a", {1, 0}}});
  EXPECT_THAT(test::error_of([&] { read_reference_vectors({page}, data_, "--guide"); },
                             ErrorCode::kBadInput),
              HasSubstr("--guide: \"a\" is the id of different pages in one and two; write 0:a and "
                        "1:a in the table"));
  const std::string named = vectors("named.jsonl", {{"1:a", {1, 0}}, {"0:a", {0, 1}}});
  EXPECT_EQ(read_reference_vectors({named}, data_, "--guide").page_rows,
            (std::vector<int64_t>{1, -1, -1, -1, 0}));
  data_.queries.back().text = "another";
  EXPECT_THAT(test::error_of([&] { read_reference_vectors({query}, data_, "--guide"); },
                             ErrorCode::kBadInput),
              HasSubstr("\"q0\" is the id of different queries in one and two"));
}

TEST_F(TeacherTest, AGuideMasksWhatItFindsNearlyAsGood) {
  const ContrastiveBatch batch = make_batch(data_, {0, 1, 2}, {{3}, {}, {}});
  const auto mask = [&](const GuideMargin& margin) {
    const Guide guide({all_vectors()}, data_, {0, 1, 2, 3}, margin);
    std::string text;
    const torch::Tensor found = guide.mask(batch);
    for (int64_t i = 0; i < 3; ++i) {
      for (int64_t j = 0; j < 4; ++j) text += found[i][j].item<bool>() ? '1' : '0';
      text += ' ';
    }
    return text;
  };
  // Scores: q0 1, 0, .6, .8; q1 0, 1, .8, .6; q2 .707, .707, .990, .990.
  EXPECT_EQ(mask({}), "0000 0000 0000 ");
  EXPECT_EQ(mask({0.25, false}), "0001 0010 0001 ");
  EXPECT_EQ(mask({0.25, true}), "0001 0010 0001 ");
  EXPECT_EQ(mask({0.29, false}), "0001 0010 1101 ");
  EXPECT_EQ(mask({0.28, true}), "0001 0010 0001 ");
  EXPECT_EQ(mask({-0.5, false}), "0000 0000 0000 ");  // never the own
}

TEST_F(TeacherTest, AGuideKnowsAllThatCanStandInAStep) {
  const std::string some =
      vectors("some.safetensors", {{"q0", {1, 0}}, {"a", {1, 0}}, {"b", {1, 0}}, {"c", {1, 0}}});
  EXPECT_THAT(test::error_of([&] { Guide({some}, data_, pages(NegativePages::kOfTheData), {}); },
                             ErrorCode::kBadInput),
              HasSubstr("--guide: 2 of 3 queries and 1 of 4 pages of the data have no vector in " +
                        some + ": \"q1\", \"q2\", \"d\"; rows"));
  const std::string rest = vectors("rest.safetensors", {{"q1", {1, 0}}, {"q2", {1, 0}}});
  const Guide without_negatives({some, rest}, data_, pages(NegativePages::kNone), {});
  EXPECT_NE(without_negatives.sha256(), "");
  data_.pages.push_back({"e", "train", "e", ""});
  EXPECT_EQ(pages(NegativePages::kOfTheData), (std::vector<size_t>{0, 1, 2, 3}));
  EXPECT_EQ(pages(NegativePages::kAll), (std::vector<size_t>{0, 1, 2, 3, 4}));
}

TEST_F(TeacherTest, VectorsGiveTargetsAndScores) {
  const Teacher teacher({all_vectors()}, data_, wish({"distill_cosine,distill_kl"}));
  const TeacherTargets targets = teacher.targets(make_batch(data_, {0, 2}, {{3}, {}}));
  EXPECT_EQ(targets.vectors.sizes(), (std::vector<int64_t>{5, 2}));  // q0, q2, a, c, d
  EXPECT_TRUE(targets.has_vector.all().item<bool>());
  EXPECT_NEAR(targets.scores[0][1].item<double>(), 0.6, 1e-6);
  EXPECT_NEAR(targets.scores[1][2].item<double>(), 7 / (5 * std::sqrt(2)), 1e-6);
}

TEST_F(TeacherTest, WhatATeacherDoesNotKnowIsLeftOpen) {
  const Teacher teacher({vectors("q.jsonl", {{"q0", {1, 0}}, {"a", {1, 1}}})}, data_,
                        wish({"distill_cosine,distill_kl"}));
  const TeacherTargets targets = teacher.targets(make_batch(data_, {0, 1}, {{}, {}}));
  EXPECT_EQ(targets.has_vector.to(torch::kInt32).sum().item<int>(), 2);
  EXPECT_TRUE(targets.has_vector[0].item<bool>());
  EXPECT_TRUE(targets.has_vector[2].item<bool>());
  EXPECT_EQ(targets.scores.isnan().sum().item<int>(), 3);
  EXPECT_FALSE(targets.scores[0][0].isnan().item<bool>());
}

TEST_F(TeacherTest, ATableOfScoresIsTakenBeforeCosines) {
  const std::string table = scores(
      "{\"query_id\":\"q0\",\"page_id\":\"a\",\"score\":7}\n"
      "{\"query_id\":\"q0\",\"page_id\":\"d\",\"score\":-1}\n"
      "{\"query_id\":\"q0\",\"page_id\":\"stranger\",\"score\":1}\n"
      "{\"query_id\":\"stranger\",\"page_id\":\"a\",\"score\":1}\n");
  const Teacher teacher({all_vectors(), table}, data_,
                        wish({"distill_cosine,distill_kl,distill_margin_mse"}));
  const TeacherTargets targets = teacher.targets(make_batch(data_, {0, 1}, {{3}, {}}));
  EXPECT_EQ(targets.scores[0][0].item<double>(), 7);
  EXPECT_EQ(targets.scores[0][2].item<double>(), -1);
  EXPECT_EQ(targets.scores.isnan().sum().item<int>(), 4);
  EXPECT_TRUE(targets.vectors.defined());
  EXPECT_NE(teacher.sha256(), Teacher({table}, data_, wish({"distill_kl"})).sha256());
}

TEST_F(TeacherTest, ALossThatFindsNothingIsRefused) {
  struct Case {
    std::vector<std::string> files;
    std::vector<std::string> losses;
    int dimensions;
    ErrorCode code;
    std::string message;
  };
  const std::string queries = vectors("q.jsonl", {{"q0", {1, 0}}, {"q1", {0, 1}}});
  const std::string strangers = vectors("s.jsonl", {{"x", {1, 0}}});
  const std::string pair = scores("{\"query_id\":\"q0\",\"page_id\":\"a\",\"score\":7}\n");
  for (const Case& c : std::vector<Case>{
           {{strangers}, {"distill_kl"}, 2, ErrorCode::kBadInput, "no id in common"},
           {{queries},
            {"distill_cosine"},
            3,
            ErrorCode::kMismatch,
            "have 2 dimensions where the model's have 3"},
           {{pair}, {"distill_cosine"}, 2, ErrorCode::kBadInput, "--teacher has only scores"},
           {{queries}, {"distill_kl"}, 2, ErrorCode::kBadInput, "no score of any query and a page"},
           {{pair},
            {"distill_margin_mse"},
            2,
            ErrorCode::kBadInput,
            "has scores for 1 pairs, but for none of their hard negatives"},
       }) {
    EXPECT_THAT(
        test::error_of([&] { Teacher(c.files, data_, wish(c.losses, c.dimensions)); }, c.code),
        HasSubstr(c.message));
  }
  const std::string twice = scores(
      "{\"query_id\":\"q0\",\"page_id\":\"a\",\"score\":7}\n"
      "{\"query_id\":\"q0\",\"page_id\":\"a\",\"score\":6}\n");
  EXPECT_THAT(
      test::error_of([&] { Teacher({twice}, data_, wish({"distill_kl"})); }, ErrorCode::kBadInput),
      HasSubstr("the query \"q0\" and the page \"a\" have two scores, 6 and 7"));
}

}  // namespace
}  // namespace recto
