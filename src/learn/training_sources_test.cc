// Several datasets and files of text pairs as one.

#include "learn/training_sources.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/log.h"
#include "learn/join_sources.h"
#include "learn/train_test_support.h"

namespace recto {
namespace {

namespace fs = std::filesystem;
using test::error_of;
using testing::ElementsAre;
using testing::HasSubstr;

class TrainingSourcesTest : public testing::Test {
 protected:
  void SetUp() override { set_log_level(LogLevel::kWarning); }
  std::string dataset(const std::string& name, const test::SmallDataset& options = {}) const {
    test::write_small_dataset(directory_.path() / name, options);
    return (directory_.path() / name).string();
  }
  std::string text(const std::string& name, const std::string& lines) const {
    write_file(directory_.path() / name, lines);
    return (directory_.path() / name).string();
  }
  static TrainingSources open(const std::vector<std::string>& arguments, int held_out = 0) {
    return TrainingSources(arguments, held_out, 0);
  }
  TemporaryDirectory directory_;
};

TEST_F(TrainingSourcesTest, PlacesIdsAndPicturesStayThoseOfTheirSource) {
  const TrainingSources sources =
      open({dataset("a", {.families = 2}), dataset("b", {.families = 4, .pages = 2}) + ":3",
            text("t.jsonl", "{\"query\":\"q\",\"passage\":\"p\",\"language\":\"de\"}\n")});
  const TrainingData& data = sources.train();
  EXPECT_EQ(data.pages.size(), 6u + 8u + 1u);
  EXPECT_EQ(data.queries.size(), 12u + 16u + 1u);
  EXPECT_EQ(data.pairs.size(), data.queries.size());
  std::set<std::string> keys;
  for (const TrainingData::Page& page : data.pages) keys.insert(page.key());
  EXPECT_EQ(keys.size(), data.pages.size());
  for (const TrainingData::Pair& pair : data.pairs) {
    const TrainingData::Query& query = data.queries[pair.query];
    EXPECT_EQ(query.source, data.pages[pair.page].source);
    EXPECT_EQ(query.positives, (std::vector<size_t>{pair.page}));
    for (const size_t page : query.negatives) EXPECT_EQ(data.pages[page].source, query.source);
  }
  EXPECT_EQ(data.sources[1].weight, 3);
  EXPECT_EQ(sources.name(data.pages[6]), (directory_.path() / "b").string());
  EXPECT_EQ(sources.image(data.pages[7]), encode_png(test::striped_page(1)));
  EXPECT_EQ(data.pages[14].passage, "p");
  EXPECT_EQ(data.queries[28].language, "de");
}

TEST_F(TrainingSourcesTest, EqualTextsAreOneQueryAndOnePassage) {
  const TrainingData data =
      load_text_pairs(text("t.jsonl",
                           "{\"query\":\"q\",\"passage\":\"a\",\"negatives\":[\"b\",\"c\",\"c\"]}\n"
                           "{\"query\":\"q\",\"passage\":\"b\"}\n"
                           "{\"query\":\"r\",\"passage\":\"a\"}\n"
                           "{\"query\":\"q\",\"passage\":\"a\"}\n"));
  ASSERT_EQ(data.queries.size(), 2u);
  ASSERT_EQ(data.pages.size(), 3u);
  EXPECT_EQ(data.pairs.size(), 3u);
  EXPECT_THAT(data.queries[0].positives, ElementsAre(0, 1));
  EXPECT_THAT(data.queries[0].negatives, ElementsAre(2));  // b answers q, c is there once
  EXPECT_THAT(data.queries[1].positives, ElementsAre(0));
}

TEST_F(TrainingSourcesTest, NegativesThatAnswerAreDroppedCountedAndSaid) {
  const fs::path path = directory_.path() / "data";
  StagedDirectory staged(path);
  DatasetWriter writer(staged.path());
  for (const char* id : {"answer", "copy", "other"}) {
    PageRow page{.page_id = id, .image = encode_png(test::striped_page(1))};
    if (page.page_id != "other") page.near_group = "near";
    writer.add("train", page);
    writer.add("train", NegativeRow{"q", id, 1, 0.5f, "test"});
  }
  writer.add("train", QueryRow{.query_id = "q", .query = "text"});
  writer.add("train", QrelRow{"q", "answer", 1});
  writer.finish(Json::object(), "");
  staged.commit();
  testing::internal::CaptureStderr();
  const TrainingData data = load_training_data(Dataset::open(path), "train");
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              HasSubstr("2 hard negatives are dropped: 1 answer their query themselves, 1 show the "
                        "same as a page that does"));
  EXPECT_THAT(data.queries[0].negatives, ElementsAre(2));
}

TEST_F(TrainingSourcesTest, APageOfTwoDatasetsIsANearDuplicateOfItself) {
  const TrainingSources sources = open({dataset("a", {.families = 2}), dataset("b")});
  const TrainingData& data = sources.train();
  const auto group = [&](size_t page) { return data.pages[page].near_group; };
  for (size_t page = 0; page < 6; ++page) {
    EXPECT_EQ(data.pages[page].id, data.pages[page + 6].id);
    EXPECT_NE(group(page), "");
    EXPECT_EQ(group(page), group(page + 6));
    EXPECT_EQ(data.pages[page].document_id, data.pages[page + 6].document_id);
  }
  EXPECT_NE(group(0), group(1));
  EXPECT_EQ(group(12), "");  // of a document that "a" has not
}

TEST_F(TrainingSourcesTest, GroupsThatShareAPageBecomeOne) {
  const std::string hash(64, 'a');
  const auto pages = [&](std::vector<std::string> groups) {
    TrainingData data;
    for (size_t i = 0; i < groups.size(); ++i) {
      TrainingData::Page page;
      page.id = fmt::format("{}-{}", hash, i + 1);
      page.document_id = hash;
      page.near_group = groups[i];
      data.pages.push_back(page);
    }
    return data;
  };
  TrainingData all;
  append_source(all, pages({"x", "x", "", "z"}), {"first"});
  append_source(all, pages({"", "y", "y"}), {"second"});
  append_source(all, pages({"", "", "", "w"}), {"third"});
  join_same_pages(all);
  // Pages 1 to 3 are joined by x and y, page 4 by z and w.
  std::set<std::string> first, second;
  for (const size_t i : {0, 1, 2, 4, 5, 6, 7, 8, 9}) first.insert(all.pages[i].near_group);
  for (const size_t i : {3, 10}) second.insert(all.pages[i].near_group);
  EXPECT_EQ(first.size(), 1u);
  EXPECT_EQ(second.size(), 1u);
  EXPECT_NE(*first.begin(), *second.begin());
}

TEST_F(TrainingSourcesTest, IdsThatAreNoHashesNameOtherPagesInEachSource) {
  const auto one_page = [] {
    TrainingData data;
    data.pages = {{"1", "train", "doc", "near"}};
    return data;
  };
  TrainingData all;
  append_source(all, one_page(), {"first"});
  append_source(all, one_page(), {"second"});
  join_same_pages(all);
  EXPECT_NE(all.pages[0].key(), all.pages[1].key());
  EXPECT_NE(all.pages[0].near_group, all.pages[1].near_group);
  EXPECT_NE(all.pages[0].document_id, all.pages[1].document_id);
}

TEST_F(TrainingSourcesTest, HeldOutAreTheValidationSplitsWithoutWhatAnotherTrainsOn) {
  const std::string a = dataset("a", {.validation = true});
  const std::string b = dataset("b", {.families = 3, .pages = 2, .validation = true});
  EXPECT_EQ(open({a}, 100).held_out().queries.size(), 6u);
  EXPECT_EQ(open({a}, 4).held_out().queries.size(), 4u);
  // The third family is b's validation, but a trains on it.
  const TrainingSources both = open({a, b}, 100);
  ASSERT_EQ(both.held_out().queries.size(), 6u);
  for (const TrainingData::Query& query : both.held_out().queries) EXPECT_EQ(query.source, 0u);
  EXPECT_EQ(both.image(both.held_out().pages[0]), encode_png(test::striped_page(15)));
  EXPECT_TRUE(open({a, b}).held_out().queries.empty());
}

TEST_F(TrainingSourcesTest, IdentityFollowsContentsAndWeightsNotPlaces) {
  const test::SmallDataset small{.families = 2};
  const std::string a = dataset("a", small), copy = dataset("copy", small);
  const std::string t = text("t.jsonl", "{\"query\":\"q\",\"passage\":\"p\"}\n");
  const Json identity = open({a, t}).identity();
  EXPECT_EQ(identity, open({copy, t}).identity());
  const std::vector<std::vector<std::string>> others = {
      {a + ":2", t},
      {dataset("more", {.families = 3}), t},
      {dataset("without", {.families = 2, .negatives = false}), t},
      {a, text("u.jsonl", "{\"query\":\"q\",\"passage\":\"p!\"}\n")},
      {a, text("v.jsonl", "{\"query\":\"q\",\"passage\":\"p\",\"language\":\"en\"}\n")},
      {t, a}};
  for (const auto& other : others) {
    EXPECT_NE(identity, open(other).identity()) << testing::PrintToString(other);
  }
}

struct BadSource {
  const char* name;
  std::vector<std::string> arguments;  // $ is the directory of the test
  ErrorCode code;
  const char* says;
};

class BadSourceTest : public TrainingSourcesTest, public testing::WithParamInterface<BadSource> {};

TEST_P(BadSourceTest, IsNamed) {
  dataset("good", {.families = 2});
  dataset("only-validation", {.families = 1, .validation = true});
  text("empty.jsonl", "\n");
  text("columns.jsonl", "{\"query\":\"q\",\"text\":\"p\"}\n");
  make_directories(directory_.path() / "nothing");
  std::vector<std::string> arguments = GetParam().arguments;
  for (std::string& argument : arguments) argument.replace(0, 1, directory_.path().string());
  const Error error = error_of([&] { open(arguments, 10); });
  EXPECT_EQ(error.code(), GetParam().code) << error.what();
  EXPECT_THAT(error.what(), HasSubstr(GetParam().says));
}

INSTANTIATE_TEST_SUITE_P(
    All, BadSourceTest,
    testing::Values(
        BadSource{"no_path", {"$/good", "$/gone"}, ErrorCode::kNotFound, "/gone"},
        BadSource{"no_file", {"$/good", "$/gone.jsonl"}, ErrorCode::kNotFound, "/gone.jsonl"},
        BadSource{"no_table", {"$/nothing"}, ErrorCode::kNotFound, "has no table pages"},
        BadSource{"no_train",
                  {"$/good", "$/only-validation"},
                  ErrorCode::kNotFound,
                  "has no split \"train\"; it has validation; to train on it, curate more"},
        BadSource{"no_pair", {"$/empty.jsonl"}, ErrorCode::kBadInput, "has no pair"},
        BadSource{"columns",
                  {"$/columns.jsonl"},
                  ErrorCode::kBadInput,
                  "columns.jsonl:1: the key \"passage\" is missing"},
        BadSource{"weight", {"$/good:0"}, ErrorCode::kUsage, "the weight is \"0\""},
        BadSource{"twice", {"$/good", "$/good:2"}, ErrorCode::kUsage, "is given twice"}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace recto
