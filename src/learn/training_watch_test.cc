#include "learn/training_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "base/file.h"
#include "base/log.h"

namespace recto {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

class TrainingWatchTest : public testing::Test {
 protected:
  TrainingWatchTest() {
    set_log_level(LogLevel::kWarning);
    set_progress_shown(false);
    settings_.output = directory_.path();
  }

  static StepRecord record(int64_t step) {
    StepRecord record;
    record.step = step;
    record.loss = 1.0 / static_cast<double>(step);
    record.terms = {{"infonce", 0.5}};
    record.learning_rate = 0.25;
    record.gradient_norm = 2;
    record.seconds = 10.0 * static_cast<double>(step);
    record.pairs = 8;
    return record;
  }

  fs::path metrics() const { return directory_.path() / "metrics.jsonl"; }
  fs::path events() const {
    return directory_.path() / "tensorboard/events.out.tfevents.0000000000.recto";
  }
  /// Steps of the lines of metrics.jsonl.
  std::vector<int64_t> steps() const {
    std::vector<int64_t> out;
    for (const Json& line : read_metrics(metrics())) out.push_back(line["step"]);
    return out;
  }
  /// What the event file must be for the lines of metrics.jsonl.
  std::string expected_events() const {
    const double start = first_event_time(read_file(events()));
    std::string out = read_file(events()).substr(0, header_size(start));
    for (const Json& line : read_metrics(metrics())) {
      out += scalar_event(start + line.value("seconds", 0.0), line["step"], curve_values(line));
    }
    return out;
  }
  size_t header_size(double start) const {
    const fs::path other = directory_.path() / "other";
    const TensorBoardLog empty(other, settings_.to_json(), {});
    EXPECT_GT(start, 1.6e9);
    return fs::file_size(other / "tensorboard" / events().filename());
  }

  TemporaryDirectory directory_;
  TrainSettings settings_;
};

TEST_F(TrainingWatchTest, MetricsAndEventsSayTheSame) {
  {
    TrainingWatch watch(settings_, -1);
    watch.step(record(1));
    watch.step(record(2));
  }
  const std::vector<Json> lines = read_metrics(metrics());
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[1]["loss"], 0.5);
  EXPECT_EQ(lines[1]["terms"]["infonce"], 0.5);
  EXPECT_GT(lines[1]["pairs_per_second"], 0.0);
  EXPECT_EQ(read_file(events()), expected_events());
}

TEST_F(TrainingWatchTest, ItGoesOnAfterACheckpointAsIfItHadNeverStopped) {
  {
    TrainingWatch watch(settings_, -1);
    for (int64_t step = 1; step <= 3; ++step) watch.step(record(step));
  }
  const double start = first_event_time(read_file(events()));
  {
    TrainingWatch watch(settings_, 2);
    EXPECT_THAT(steps(), ElementsAre(1, 2));
    EXPECT_EQ(read_file(events()), expected_events());
    watch.step(record(3));
    watch.step(record(4));
  }
  EXPECT_THAT(steps(), ElementsAre(1, 2, 3, 4));
  EXPECT_EQ(read_file(events()), expected_events());
  EXPECT_EQ(first_event_time(read_file(events())), start);
}

TEST_F(TrainingWatchTest, WhatWasCutOffOrIsDamagedIsMadeAnew) {
  {
    TrainingWatch watch(settings_, -1);
    for (int64_t step = 1; step <= 3; ++step) watch.step(record(step));
  }
  fs::resize_file(metrics(), fs::file_size(metrics()) - 10);
  write_file(events(), "nothing that was ever written");
  TrainingWatch watch(settings_, 3);
  EXPECT_THAT(steps(), ElementsAre(1, 2));
  watch.step(record(3));
  EXPECT_EQ(read_file(events()), expected_events());
}

TEST_F(TrainingWatchTest, ANewTrainingKeepsNothing) {
  write_file(metrics(), "{\"step\":1,\"loss\":3.0}\n");
  const TrainingWatch watch(settings_, -1);
  EXPECT_EQ(read_file(metrics()), "");
}

TEST_F(TrainingWatchTest, WhatIsNoNumberIsNull) {
  TrainingWatch watch(settings_, -1);
  StepRecord skipped = record(1);
  skipped.loss = std::numeric_limits<double>::quiet_NaN();
  skipped.gradient_norm = std::numeric_limits<double>::infinity();
  watch.step(skipped);
  watch.warned(1, "skipped", {{"value", "nan"}});
  const std::vector<Json> lines = read_metrics(metrics());
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_TRUE(lines[0]["loss"].is_null() && lines[0]["gradient_norm"].is_null());
  EXPECT_EQ(lines[1], (Json{{"step", 1}, {"warning", "skipped"}, {"value", "nan"}}));
}

TEST(CurveValues, AreNamedByTheirLine) {
  const auto tags = [](const Json& line) {
    std::vector<std::string> names;
    for (const EventScalar& scalar : curve_values(line)) names.push_back(scalar.tag);
    return names;
  };
  EXPECT_THAT(tags({{"step", 1}, {"seconds", 2}, {"loss", 3}, {"lr", 4}, {"terms", {{"a", 5}}}}),
              ElementsAre("train/loss", "train/lr", "terms/a"));
  EXPECT_THAT(tags({{"step", 1}, {"loss", nullptr}, {"lr", 4}}), ElementsAre("train/lr"));
  EXPECT_THAT(tags({{"step", 0}, {"ndcg_at_5", 0.5}}), ElementsAre("held_out/ndcg_at_5"));
  EXPECT_THAT(tags({{"step", 9}, {"ndcg_at_5", 0.5}, {"mean_of", {6, 9}}}), ElementsAre());
  EXPECT_THAT(tags({{"step", 9}, {"warning", "collapse"}, {"page_cosine", 0.99}}), ElementsAre());
}

TEST_F(TrainingWatchTest, OneThatShowsNothingWritesNothing) {
  TrainingWatch watch;
  watch.begin({.steps = 2, .pairs_per_step = 8});
  watch.step(record(1));
  watch.measuring();
  watch.measured(1, {});
  watch.warned(1, "collapse", {});
  EXPECT_GT(watch.pairs_per_second(), 0);
  EXPECT_TRUE(fs::is_empty(directory_.path()));
}

TEST_F(TrainingWatchTest, TheBarTellsWhereTheTrainingStands) {
  set_progress_shown(true);
  testing::internal::CaptureStderr();
  {
    TrainingWatch watch(settings_, -1);
    watch.begin({.steps = 6, .steps_per_epoch = 3, .pairs_per_step = 8});
    for (int64_t step = 1; step <= 4; ++step) watch.step(record(step));
  }
  const std::string line = testing::internal::GetCapturedStderr();
  EXPECT_THAT(line, testing::StartsWith("train 32/48 67%"));
  EXPECT_THAT(line, HasSubstr(" pairs/s in 0s epoch 2/2 loss 0.2500 lr 2.5e-01\n"));
}

}  // namespace
}  // namespace recto
