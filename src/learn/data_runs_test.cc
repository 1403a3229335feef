// Whole training runs on several sources, with hard negatives mined on the way and pages of several
// sizes.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/parquet.h"
#include "learn/mined_negatives.h"
#include "learn/train_test_support.h"
#include "learn/trainer.h"
#include "learn/training_sources.h"

namespace recto {
namespace {

namespace fs = std::filesystem;
using test::error_of;
using testing::HasSubstr;

class DataRunsTest : public test::TrainingRunTest {
 protected:
  void SetUp() override {
    test::write_small_dataset(path("a"), {.families = 3});
    test::write_small_dataset(path("b"), {.families = 4, .pages = 2, .negatives = false});
    std::string lines;
    for (int i = 0; i < 9; ++i) {
      lines += fmt::format(
          "{{\"query\":\"what is {}\",\"passage\":\"It is the number {}.\","
          "\"language\":\"{}\"}}\n",
          i, i, i % 3 == 0 ? "de" : "en");
    }
    write_file(path("t.jsonl"), lines);
  }
  TrainSettings settings(const std::string& name, std::vector<std::string> sources) const {
    TrainSettings settings = test::quick_settings(path("a"), path(name));
    settings.data.clear();
    for (const std::string& source : sources) settings.data.push_back(path(source).string());
    return settings;
  }
  static std::string weights(const TrainSettings& settings) {
    return read_file(fs::path(settings.output) / "model.safetensors");
  }
  static std::vector<Json> metrics(const TrainSettings& settings) {
    return test::timeless_metrics_of(settings.output);
  }

  /// Runs `whole`, then the same again, cut off after step `stop` and resumed: the same bytes.
  void expect_resumable(TrainSettings whole, int64_t stop) const {
    train(whole);
    TrainSettings broken = whole;
    broken.output += "-broken";
    error_of([&] {
      train(broken, [&](int64_t step, double) {
        if (step == stop) fail(ErrorCode::kIo, "the power went out");
      });
    });
    broken.resume = true;
    train(broken);
    EXPECT_EQ(weights(broken), weights(whole)) << "stopped after step " << stop;
    EXPECT_EQ(metrics(broken), metrics(whole)) << "stopped after step " << stop;
    fs::remove_all(whole.output);
    fs::remove_all(broken.output);
  }
};

TEST_F(DataRunsTest, PagesPassagesAndSourcesTrainTogetherWhateverTheChunks) {
  std::vector<double> losses;
  for (const int chunk_size : {0, 1, 2}) {
    for (const char* batches : {"mixed", "per-source"}) {
      TrainSettings all =
          settings(fmt::format("{}-{}", batches, chunk_size), {"a", "b:2", "t.jsonl"});
      all.batches = batches;
      all.batch_size = 8;
      all.method = "full";
      all.lora_r.reset();
      all.lr = 1e-4;
      all.max_steps = 3;
      all.chunk_size = chunk_size;
      train(all, [&](int64_t, double loss) { losses.push_back(loss); });
    }
  }
  ASSERT_EQ(losses.size(), 18u);
  for (size_t i = 0; i < 6; ++i) {
    EXPECT_NEAR(losses[i + 6], losses[i], 1e-4);
    EXPECT_NEAR(losses[i + 12], losses[i], 1e-4);
  }
}

TEST_F(DataRunsTest, TextAloneTrains) {
  TrainSettings text = settings("text", {"t.jsonl"});
  text.balance = 0;
  EXPECT_EQ(train(text).steps, 4);
}

TEST_F(DataRunsTest, MinedNegativesAreThoseOfTheCheckpointWhereverARunIsCutOff) {
  TrainSettings mined = settings("mined", {"a", "b", "t.jsonl"});
  mined.negatives = 2;
  mined.remine_every = 3;
  mined.remine_ratio = 1;
  mined.checkpoint_every = 2;
  mined.max_steps = 8;
  mined.lr = 1e-2;
  for (const char* choice : {"best", "sampled"}) {
    mined.negatives_choice = choice;
    for (const int64_t stop : {3, 4, 5, 7}) expect_resumable(mined, stop);
  }
}

TEST_F(DataRunsTest, MinedNegativesAreWrittenLoggedAndUsed) {
  TrainSettings mined = settings("mined", {"b"});
  mined.remine_every = 2;
  mined.remine_ratio = 1;
  mined.loss = {"binegative"};
  mined.max_steps = 5;
  train(mined);
  std::vector<int64_t> steps;
  for (const Json& line : metrics(mined)) {
    if (!line.contains("hard_negatives")) continue;
    steps.push_back(line["step"]);
    EXPECT_GT(line["hard_negatives"]["queries"], 0);
  }
  EXPECT_EQ(steps, (std::vector<int64_t>{1, 3, 5}));  // before these; the data has none
  const TrainingSources sources({path("b").string()}, 0, 0);
  const MinedNegatives found = read_mined_negatives(
      path("mined/checkpoints/step-00000005/negatives.parquet"), sources.train());
  EXPECT_EQ(found.step, 4);
  ASSERT_EQ(found.lists.size(), sources.train().queries.size());
  size_t all = 0;
  for (size_t q = 0; q < found.lists.size(); ++q) {
    all += found.lists[q].size();
    for (const size_t page : found.lists[q]) {
      EXPECT_NE(page, sources.train().queries[q].positives[0]);
    }
  }
  EXPECT_GT(all, 0u);
}

TEST_F(DataRunsTest, SampledNegativesAndSizesResumeToo) {
  TrainSettings sampled = settings("sampled", {"a"});
  sampled.negatives_choice = "sampled";
  const int tile = read_model_config(test::any_model()).vision.image_size;
  sampled.longest_edges = {tile, 2 * tile};
  sampled.checkpoint_every = 2;
  expect_resumable(sampled, 3);
}

TEST_F(DataRunsTest, SizesOfPagesChangeTheTrainingNotTheContract) {
  const int tile = read_model_config(test::any_model()).vision.image_size;
  TrainSettings one = settings("one", {"a"}), several = settings("several", {"a"});
  several.longest_edges = {tile, 2 * tile, 3 * tile};
  std::vector<double> losses;
  const auto keep = [&](int64_t, double loss) { losses.push_back(loss); };
  train(one, keep);
  train(several, keep);
  EXPECT_NE(losses[0], losses[4]);
  EXPECT_EQ(ModelDirectory::open(several.output)->contract().views.longest_edge, *one.longest_edge);
}

TEST_F(DataRunsTest, AChangedSourceIsNotResumed) {
  TrainSettings first = settings("first", {"a", "t.jsonl"});
  first.checkpoint_every = 1;
  error_of([&] {
    train(first, [](int64_t step, double) {
      if (step == 2) fail(ErrorCode::kIo, "stop");
    });
  });
  first.resume = true;
  const std::string lines = read_file(path("t.jsonl"));
  TrainSettings weighted = first;
  weighted.data[0] += ":3";
  const Error of_weight = error_of([&] { train(weighted); });
  EXPECT_EQ(of_weight.code(), ErrorCode::kMismatch);
  EXPECT_THAT(of_weight.what(), HasSubstr("\"weight\":3"));
  write_file(path("t.jsonl"), lines + "{\"query\":\"one\",\"passage\":\"more\"}\n");
  const Error of_text = error_of([&] { train(first); });
  EXPECT_EQ(of_text.code(), ErrorCode::kMismatch);
  EXPECT_THAT(of_text.what(), HasSubstr(path("t.jsonl").string() + " has changed since "));
  write_file(path("t.jsonl"), lines);
  EXPECT_EQ(train(first).steps, 4);
}

struct BadDataSettings {
  const char* name;
  std::function<void(TrainSettings&)> change;
  const char* message;
};

class BadDataSettingsTest : public DataRunsTest,
                            public testing::WithParamInterface<BadDataSettings> {};

TEST_P(BadDataSettingsTest, AreRefusedBeforeAnythingIsWritten) {
  write_file(path("one.jsonl"), "{\"query\":\"q\",\"passage\":\"p\"}\n");
  TrainSettings bad = settings("bad", {"a", "t.jsonl"});
  GetParam().change(bad);
  const Error error = error_of([&] { train(bad); });
  EXPECT_EQ(error.code(), ErrorCode::kUsage) << error.what();
  EXPECT_THAT(error.what(), HasSubstr(GetParam().message));
  EXPECT_FALSE(fs::exists(bad.output));
}

INSTANTIATE_TEST_SUITE_P(
    All, BadDataSettingsTest,
    testing::Values(
        BadDataSettings{"none", [](TrainSettings& s) { s.data.clear(); }, "--data is wanted"},
        BadDataSettings{"weight", [](TrainSettings& s) { s.data[1] += ":0"; },
                        "the weight is \"0\""},
        BadDataSettings{"batches", [](TrainSettings& s) { s.batches = "some"; },
                        "--batches is \"some\""},
        BadDataSettings{"balance", [](TrainSettings& s) { s.balance = 2; }, "--balance is 2"},
        BadDataSettings{"choice", [](TrainSettings& s) { s.negatives_choice = "worst"; },
                        "--negatives-choice is \"worst\""},
        BadDataSettings{"every", [](TrainSettings& s) { s.remine_every = -1; },
                        "--remine-every is -1"},
        BadDataSettings{"ratio", [](TrainSettings& s) { s.remine_ratio = 1.5; },
                        "--remine-ratio is 1.5"},
        BadDataSettings{"ranks", [](TrainSettings& s) { s.remine_ranks = "5-2"; },
                        "--remine-ranks is \"5-2\""},
        BadDataSettings{"ranks_text", [](TrainSettings& s) { s.remine_ranks = "1-2x"; },
                        "--remine-ranks is \"1-2x\""},
        BadDataSettings{"edges", [](TrainSettings& s) { s.longest_edges = {0}; },
                        "--longest-edges is 0"},
        BadDataSettings{"edges_twice", [](TrainSettings& s) { s.longest_edges = {64, 64}; },
                        "the same size twice"},
        BadDataSettings{"remine_none",
                        [](TrainSettings& s) {
                          s.remine_every = 5;
                          s.negatives = 0;
                        },
                        "--remine-every has no meaning with --negatives 0"},
        BadDataSettings{"choice_of_none",
                        [](TrainSettings& s) {
                          s.negatives_choice = "sampled";
                          s.negatives = 0;
                        },
                        "--negatives-choice has no meaning with --negatives 0"},
        BadDataSettings{"idle_ratio", [](TrainSettings& s) { s.remine_ratio = 0.9; },
                        "--remine-ratio says which"},
        BadDataSettings{"idle_ranks", [](TrainSettings& s) { s.remine_ranks = "2-50"; },
                        "--remine-ranks says which"},
        BadDataSettings{"idle_score", [](TrainSettings& s) { s.remine_max_score = 0.9; },
                        "--remine-max-score says which"},
        BadDataSettings{"single_pair",
                        [](TrainSettings& s) {
                          s.data.push_back(fs::path(s.data[1]).parent_path() / "one.jsonl");
                          s.batches = "per-source";
                          s.negatives = 0;
                        },
                        "a source has a single pair"}),
    [](const auto& info) { return info.param.name; });

TEST(MinedNegativesTest, AreReadAsTheyWereWrittenAndForTheSameDataAlone) {
  TrainingData data;
  data.queries = {{"q0", "a"}, {"q1", "b"}, {"q2", "c"}};
  data.pages.resize(5);
  const TemporaryDirectory directory;
  const fs::path file = directory.path() / "negatives.parquet";
  const MinedNegatives written{7, {{4, 2, 3}, {}, {0}}};
  write_mined_negatives(file, data, written);
  const MinedNegatives found = read_mined_negatives(file, data);
  EXPECT_EQ(found.step, 7);
  EXPECT_EQ(found.lists, written.lists);
  data.pages.resize(4);
  EXPECT_THAT(error_of([&] { read_mined_negatives(file, data); }).what(),
              HasSubstr("names a page that the data has not"));
  data.queries.resize(2);
  EXPECT_EQ(error_of([&] { read_mined_negatives(file, data); }).code(), ErrorCode::kBadInput);
  ParquetWriter(directory.path() / "other.parquet", {{"query"}}, {}).close();
  EXPECT_THAT(
      error_of([&] { read_mined_negatives(directory.path() / "other.parquet", data); }).what(),
      HasSubstr("no table of mined negatives"));
}

}  // namespace
}  // namespace recto
