// Whole training runs on a small model and dataset.

#include "learn/trainer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <csignal>

#include "base/interrupt.h"
#include "learn/trainer_test_support.h"
#include "model/adapter.h"

namespace recto {
namespace {

namespace fs = std::filesystem;
using test::error_of;
using test::metrics_of;
using test::TrainerTest;
using testing::HasSubstr;

TEST_F(TrainerTest, FullFineTuningLowersTheLossAndWritesAModel) {
  TrainSettings full = settings();
  full.method = "full";
  full.lora_r.reset();
  full.lr = 1e-3;
  full.max_steps = 15;
  full.warmup = 2;
  full.eval_queries = 10;
  std::vector<double> losses;
  const TrainResult result = train(full, [&](int64_t, double loss) { losses.push_back(loss); });
  ASSERT_EQ(losses.size(), 15u);
  EXPECT_LT(losses[13] + losses[14], 0.7 * (losses[0] + losses[1]));
  ASSERT_TRUE(result.before && result.after);
  EXPECT_EQ(result.before->queries, result.after->queries);
  vectors(output());
  const auto model = ModelDirectory::open(output());
  EXPECT_TRUE(model->has_own_contract());
  EXPECT_EQ(model->contract().views.longest_edge, *full.longest_edge);
  EXPECT_EQ(model->contract().base_model, test::any_model().filename());
  EXPECT_TRUE(fs::exists(output() / "checkpoints"));
  EXPECT_FALSE(fs::exists(output() / "adapter"));
  const Json json = read_json(output() / "train.json");
  EXPECT_TRUE(json["finished"].get<bool>());
  EXPECT_EQ(json["steps"], 15);
  EXPECT_TRUE(json["held_out_after"].contains("ndcg_at_5"));
  EXPECT_EQ(metrics_of(output()).size(), 17u);  // a line a step, and one before and after
}

TEST_F(TrainerTest, TheSameSettingsGiveTheSameBytes) {
  for (const char* name : {"one", "two"}) train(settings(name));
  EXPECT_EQ(read_file(output("one") / "model.safetensors"),
            read_file(output("two") / "model.safetensors"));
  TrainSettings other = settings("three");
  other.seed = 1;
  train(other);
  EXPECT_NE(read_file(output("one") / "model.safetensors"),
            read_file(output("three") / "model.safetensors"));
}

class ResumeTest : public TrainerTest, public testing::WithParamInterface<const char*> {};

TEST_F(TrainerTest, AFinishedRunIsNotResumedWithOtherSettings) {
  TrainSettings run = settings();
  run.max_steps = 1;
  train(run);
  run.resume = true;
  EXPECT_EQ(train(run).steps, 1) << "nothing is left to do";
  run.lr = 1e-2;
  EXPECT_THAT(error_of([&] { train(run); }).what(), HasSubstr("lr"));
}

TEST_P(ResumeTest, GivesTheBytesOfARunWithoutABreak) {
  TrainSettings whole = settings("whole");
  whole.method = GetParam();
  if (whole.method == "full") whole.lora_r.reset();
  whole.lr = 1e-3;
  whole.lora_dropout = whole.method == "lora" ? 0.2 : 0;
  whole.max_steps = 6;
  whole.eval_queries = 6;
  whole.checkpoint_every = 3;
  train(whole);
  // A run that was cut off after step 5: its latest checkpoint is of step 3, its metrics go on.
  TrainSettings broken = whole;
  broken.output = output("broken");
  const Error stopped = error_of([&] {
    train(broken, [](int64_t step, double) {
      if (step == 5) fail(ErrorCode::kIo, "the power went out");
    });
  });
  EXPECT_EQ(stopped.code(), ErrorCode::kIo);
  ASSERT_FALSE(fs::exists(output("broken") / "retriever.json"));
  broken.resume = true;
  std::vector<int64_t> steps;
  const TrainResult result = train(broken, [&](int64_t step, double) { steps.push_back(step); });
  EXPECT_EQ(steps, (std::vector<int64_t>{4, 5, 6}));
  EXPECT_EQ(result.steps, 6);
  EXPECT_TRUE(result.before.has_value());
  for (const char* file : {"model.safetensors", "retriever.json"}) {
    EXPECT_EQ(read_file(output("broken") / file), read_file(output("whole") / file)) << file;
  }
  EXPECT_EQ(test::timeless_metrics_of(output("broken")),
            test::timeless_metrics_of(output("whole")));
}

INSTANTIATE_TEST_SUITE_P(Methods, ResumeTest, testing::Values("lora", "full"));

TEST_F(TrainerTest, ResumingWithOtherSettingsIsRefused) {
  TrainSettings first = settings();
  first.checkpoint_every = 1;
  error_of([&] {
    train(first, [](int64_t step, double) {
      if (step == 2) fail(ErrorCode::kIo, "stop");
    });
  });
  TrainSettings other = first;
  other.resume = true;
  other.temperature = 0.05;
  const Error error = error_of([&] { train(other); });
  EXPECT_EQ(error.code(), ErrorCode::kMismatch);
  EXPECT_THAT(error.what(), HasSubstr("temperature = 0.02, but this one has 0.05"));
}

TEST_F(TrainerTest, AFinishedRunHasNothingToResume) {
  train(settings());
  const auto written = fs::last_write_time(output() / "model.safetensors");
  TrainSettings again = settings();
  again.resume = true;
  EXPECT_EQ(train(again).steps, 4);
  EXPECT_EQ(fs::last_write_time(output() / "model.safetensors"), written);
}

TEST_F(TrainerTest, ASignalWritesACheckpointToResumeFrom) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  TrainSettings interrupted = settings();
  const auto run_and_signal = [&] {
    install_interrupt_handler();
    try {
      train(interrupted, [](int64_t step, double) {
        if (step == 2) std::raise(SIGTERM);
      });
    } catch (const Error& error) {
      std::fprintf(stderr, "%s\n", error.what());
      const bool saved = fs::exists(output() / "checkpoints" / "step-00000002" / "state.json");
      std::_Exit(saved ? exit_status(error.code()) : 99);
    }
  };
  EXPECT_EXIT(run_and_signal(), testing::ExitedWithCode(130),
              "interrupted after step 2 of 4; the checkpoint is written");
}

TEST_F(TrainerTest, ADivergingRunIsStopped) {
  TrainSettings wild = settings();
  wild.method = "full";
  wild.lora_r.reset();
  wild.lr = 1e30;
  wild.warmup = 0;
  wild.max_steps = 20;
  const Error error = error_of([&] { train(wild); });
  EXPECT_EQ(error.code(), ErrorCode::kInternal);
  EXPECT_THAT(error.what(), HasSubstr("not a number in 5 steps in a row"));
  EXPECT_THAT(read_file(output() / "train_report.html"), HasSubstr("not a number in 5 steps"));
  EXPECT_FALSE(fs::exists(output() / "retriever.json"));
  std::vector<Json> skipped;
  for (const Json& line : metrics_of(output())) {
    if (line.value("warning", "") == "skipped") skipped.push_back(line);
  }
  ASSERT_GE(skipped.size(), 5u);
  EXPECT_EQ(skipped.back()["queries"].size(), 6u);
  EXPECT_THAT(skipped.back()["queries"][0].get<std::string>(), testing::StartsWith("q"));
  EXPECT_GE(skipped.back()["pages"].size(), 1u);
  EXPECT_TRUE(metrics_of(output()).back()["loss"].is_null());
}

TEST_F(TrainerTest, ASkippedStepChangesNothing) {
  TrainSettings steep = settings();
  steep.temperature = 1e-30;  // the loss is a number, its gradient is not
  const TrainResult result = train(steep);
  EXPECT_EQ(result.steps, 4);
  EXPECT_EQ(result.skipped, 4);
  EXPECT_TRUE(std::isnan(result.last_loss));
  EXPECT_EQ(metrics_of(output())[0]["what"], "gradient");
  const Adapter adapter = read_adapter(output() / "adapter", read_model_config(output()));
  for (const auto& [path, module] : adapter.modules) {
    EXPECT_THAT(module.b, testing::Each(0)) << path;
  }
}

TEST_F(TrainerTest, TheTimeLimitEndsTheRunWithAModel) {
  TrainSettings brief = settings();
  brief.max_steps = 0;
  brief.epochs = 1e6;
  brief.max_seconds = 0.5;
  const TrainResult result = train(brief);
  EXPECT_GT(result.steps, 0);
  EXPECT_TRUE(fs::exists(output() / "retriever.json"));
}

TEST_F(TrainerTest, MatryoshkaPrefixesAreWrittenIntoTheContract) {
  const int width = read_model_config(test::any_model()).text.hidden_size;
  TrainSettings prefixes = settings();
  prefixes.dimensions = {width, width / 2};
  train(prefixes);
  EXPECT_EQ(ModelDirectory::open(output())->contract().dimensions, prefixes.dimensions);
}

TEST_F(TrainerTest, EveryLossTrains) {
  for (const char* loss : {"symmetric", "binegative"}) {
    TrainSettings other = settings(loss);
    other.loss = {loss};
    other.max_steps = 2;
    EXPECT_EQ(train(other).steps, 2) << loss;
  }
}

using test::BadSettings;
class BadSettingsTest : public test::RefusedSettingsTest {};

TEST_P(BadSettingsTest, AreRefusedBeforeAnythingIsWritten) { expect_refused(); }

INSTANTIATE_TEST_SUITE_P(
    All, BadSettingsTest,
    testing::Values(BadSettings{"method", [](TrainSettings& s) { s.method = "all"; },
                                ErrorCode::kUsage, "--method is \"all\"; lora, full is wanted"},
                    BadSettings{"lr", [](TrainSettings& s) { s.lr = -1; }, ErrorCode::kUsage,
                                "--lr is -1"},
                    BadSettings{"epochs", [](TrainSettings& s) { s.epochs = 0; }, ErrorCode::kUsage,
                                "--epochs is 0"},
                    BadSettings{"warmup", [](TrainSettings& s) { s.warmup = INFINITY; },
                                ErrorCode::kUsage, "--warmup is inf"},
                    BadSettings{"weight_decay", [](TrainSettings& s) { s.weight_decay = INFINITY; },
                                ErrorCode::kUsage, "--weight-decay is inf"},
                    BadSettings{"clip", [](TrainSettings& s) { s.clip = INFINITY; },
                                ErrorCode::kUsage, "--clip is inf"},
                    BadSettings{"max_seconds", [](TrainSettings& s) { s.max_seconds = INFINITY; },
                                ErrorCode::kUsage, "--max-seconds is inf"},
                    BadSettings{"rank", [](TrainSettings& s) { s.lora_r = 0; }, ErrorCode::kUsage,
                                "--lora-r is 0"},
                    BadSettings{"targets", [](TrainSettings& s) { s.lora_targets = "nothing"; },
                                ErrorCode::kUsage, "selects no linear layer"},
                    BadSettings{"targets_pattern", [](TrainSettings& s) { s.lora_targets = "(("; },
                                ErrorCode::kUsage, "--lora-targets: target_modules"},
                    BadSettings{"freeze_lora", [](TrainSettings& s) { s.freeze = {".*"}; },
                                ErrorCode::kUsage, "--freeze has no meaning with --method lora"},
                    BadSettings{"freeze_nothing",
                                [](TrainSettings& s) {
                                  s.method = "full";
                                  s.lora_r.reset();
                                  s.freeze = {"vision"};
                                },
                                ErrorCode::kUsage, "--freeze \"vision\" matches no parameter"},
                    BadSettings{"freeze_all",
                                [](TrainSettings& s) {
                                  s.method = "full";
                                  s.lora_r.reset();
                                  s.freeze = {".*"};
                                },
                                ErrorCode::kUsage, "leaves no parameter to train"},
                    BadSettings{"one_pair",
                                [](TrainSettings& s) {
                                  s.batch_size = 1;
                                  s.negatives = 0;
                                },
                                ErrorCode::kUsage, "nothing to tell its page from"},
                    BadSettings{"dimensions", [](TrainSettings& s) { s.dimensions = {8, 4}; },
                                ErrorCode::kUsage, "--dimensions 8,4"},
                    BadSettings{"device", [](TrainSettings& s) { s.device = "tpu"; },
                                ErrorCode::kUsage, "\"tpu\" is no device"},
                    BadSettings{"model", [](TrainSettings& s) { s.model = "/nonexistent"; },
                                ErrorCode::kNotFound, "/nonexistent"},
                    BadSettings{"data", [](TrainSettings& s) { s.data = {"/nonexistent"}; },
                                ErrorCode::kNotFound, "/nonexistent"},
                    BadSettings{"resume", [](TrainSettings& s) { s.resume = true; },
                                ErrorCode::kUsage, "has no checkpoint to resume from, nor a"}),
    [](const auto& info) { return info.param.name; });

TEST_F(TrainerTest, AnOutputThatIsNotEmptyIsRefused) {
  fs::create_directories(output());
  write_file(output() / "notes.txt", "mine");
  const Error error = error_of([&] { train(settings()); });
  EXPECT_EQ(error.code(), ErrorCode::kUsage);
  EXPECT_THAT(error.what(), HasSubstr("exists already"));
  EXPECT_EQ(read_file(output() / "notes.txt"), "mine");
}

TEST_F(TrainerTest, AMissingTableIsNamed) {
  fs::remove_all(data() / "qrels");
  const Error error = error_of([&] { train(settings()); });
  EXPECT_THAT(error.what(), HasSubstr("qrels"));
}

TEST_F(TrainerTest, APageThatCannotBeDecodedIsNamed) {
  const fs::path path = directory_.path() / "damaged";
  StagedDirectory staged(path);
  DatasetWriter writer(staged.path());
  for (int i = 0; i < 4; ++i) {
    const std::string id = "p" + std::to_string(i);
    const std::string image = encode_png(test::striped_page(i));
    writer.add("train", PageRow{.page_id = id, .image = i == 2 ? image.substr(0, 60) : image});
    writer.add("train", QueryRow{.query_id = "q" + id, .query = "query " + id});
    writer.add("train", QrelRow{"q" + id, id, 1});
  }
  writer.finish(Json::object(), "");
  staged.commit();
  TrainSettings damaged = settings();
  damaged.data = {path};
  const Error error = error_of([&] { train(damaged); });
  EXPECT_THAT(error.what(), HasSubstr("page p2"));
}

class FullDiskTest : public TrainerTest {
 protected:
  /// Runs recto-train; a limit on the size of files, in blocks of 512 bytes, stands for the full
  /// disk.
  test::CommandResult run(const std::string& limit, const std::string& more = "",
                          const std::string& measuring = "--eval-queries 0") const {
    const TrainSettings run = settings();
    return test::run_command(fmt::format(
        "ulimit -f {}; '{}' train --model '{}' --data '{}' --output '{}' --lora-r 1 --max-steps 2 "
        "--batch-size 4 --threads 1 --longest-edge {} {} {}",
        limit, (test::binary_directory() / "recto-train").string(), run.model, run.data[0],
        run.output, *run.longest_edge, measuring, more));
  }
  void expect_failure(const test::CommandResult& result, const fs::path& named) const {
    EXPECT_EQ(result.status, 1) << result.err;
    EXPECT_THAT(result.err, HasSubstr("cannot write " + named.string() + ": "));
    EXPECT_THAT(result.err, testing::Not(HasSubstr("partial")));
    EXPECT_FALSE(fs::exists(output() / "retriever.json"));
  }
  void expect_resumable(const std::string& measuring = "--eval-queries 0") const {
    const test::CommandResult resumed = run("unlimited", "--resume", measuring);
    EXPECT_EQ(resumed.status, 0) << resumed.err;
    EXPECT_THAT(resumed.out, HasSubstr("steps 2"));
    vectors(output());
    for (const auto& entry : fs::directory_iterator(output())) {
      EXPECT_NE(entry.path().filename().string().front(), '.') << entry.path();
    }
  }
};

TEST_F(FullDiskTest, WithoutRoomForAnythingNothingIsLeft) {
  expect_failure(run("1", "--quiet"), output() / "train.json");
  EXPECT_FALSE(fs::exists(output()));
}

TEST_F(FullDiskTest, WithoutRoomForTheFirstCheckpointTheRunIsResumedFromItsStart) {
  expect_failure(run("8"), output() / "checkpoints/step-00000002/parameters.safetensors");
  EXPECT_TRUE(fs::is_empty(output() / "checkpoints"));
  const test::CommandResult other = run("unlimited", "--resume --temperature 0.5");
  EXPECT_EQ(other.status, 1);
  EXPECT_THAT(other.err, HasSubstr("train.json is of a run with temperature = 0.02"));
  expect_resumable();
  EXPECT_EQ(metrics_of(output()).size(), 2u);
}

TEST_F(FullDiskTest, WithoutRoomForABestStateTheRunIsResumed) {
  const std::string measuring = "--eval-queries 6 --eval-every 1 --keep-best 1";
  expect_failure(run("8", "", measuring), output() / "best/step-00000001/parameters.safetensors");
  EXPECT_TRUE(fs::is_empty(output() / "best"));
  expect_resumable(measuring);
}

TEST_F(FullDiskTest, WithoutRoomForTheModelACheckpointIsLeft) {
  expect_failure(run("400"), output() / "model.safetensors");
  EXPECT_TRUE(fs::exists(output() / "checkpoints" / "step-00000002" / "state.json"));
  expect_resumable();
}

}  // namespace
}  // namespace recto
