// Checkpoints that are whole, damaged or of another run.

#include "learn/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "learn/trainer_test_support.h"

namespace recto {
namespace {

namespace fs = std::filesystem;
using test::error_of;
using testing::HasSubstr;

struct Damage {
  const char* name;
  std::function<void(const fs::path& checkpoint)> inflict;
  const char* message;
};

void flip_byte(const fs::path& path, size_t from_end) {
  std::string bytes = read_file(path);
  bytes[bytes.size() - from_end] ^= 1;
  fs::remove(path);
  write_file(path, bytes);
}

class CheckpointDamage : public test::TrainerTest, public testing::WithParamInterface<Damage> {
 protected:
  /// A run that was cut off after step 3, with the checkpoints of steps 2 and 3.
  TrainSettings cut_off() const {
    TrainSettings run = settings("broken");
    run.checkpoint_every = 1;
    error_of([&] {
      train(run, [](int64_t step, double) {
        if (step == 4) fail(ErrorCode::kIo, "the power went out");
      });
    });
    EXPECT_EQ(checkpoints_of(run.output).size(), 2u);
    run.resume = true;
    return run;
  }
};

TEST_P(CheckpointDamage, IsSaidAndTheOneBeforeItUsed) {
  train(settings("whole"));
  const TrainSettings run = cut_off();
  GetParam().inflict(checkpoints_of(run.output).back());
  testing::internal::CaptureStderr();
  std::vector<int64_t> steps;
  train(run, [&](int64_t step, double) { steps.push_back(step); });
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_THAT(said, HasSubstr("the checkpoint step-00000003 is damaged"));
  EXPECT_THAT(said, HasSubstr(GetParam().message));
  EXPECT_EQ(steps, (std::vector<int64_t>{3, 4}));
  EXPECT_EQ(read_file(output("broken") / "model.safetensors"),
            read_file(output("whole") / "model.safetensors"));
}

TEST_P(CheckpointDamage, OfAllOfThemEndsTheRun) {
  const TrainSettings run = cut_off();
  for (const fs::path& checkpoint : checkpoints_of(run.output)) GetParam().inflict(checkpoint);
  const Error error = error_of([&] { train(run); });
  EXPECT_EQ(error.code(), ErrorCode::kBadInput);
  EXPECT_THAT(error.what(), HasSubstr("has no checkpoint that is whole"));
  EXPECT_THAT(error.what(), HasSubstr(GetParam().message));
  EXPECT_EQ(checkpoints_of(run.output).size(), 2u) << "nothing is removed";
}

INSTANTIATE_TEST_SUITE_P(
    All, CheckpointDamage,
    testing::Values(
        Damage{"cut_off",
               [](const fs::path& c) { fs::resize_file(c / "optimizer.safetensors", 100); },
               "optimizer.safetensors does not have the SHA-256"},
        Damage{"parameters", [](const fs::path& c) { flip_byte(c / "parameters.safetensors", 3); },
               "parameters.safetensors does not have the SHA-256"},
        Damage{"state",
               [](const fs::path& c) {
                 std::string text = read_file(c / "state.json");
                 text.replace(text.find("\"step\": "), 9, "\"step\": 9");
                 write_file(c / "state.json", text);
               },
               "state.json does not have the SHA-256 it tells of itself"},
        Damage{"no_json", [](const fs::path& c) { write_file(c / "state.json", "{"); },
               "state.json"},
        Damage{"missing", [](const fs::path& c) { fs::remove(c / "parameters.safetensors"); },
               "parameters.safetensors"}),
    [](const auto& info) { return info.param.name; });

TEST(Checkpoint, HoldsTheStateOfTheOptimiser) {
  const TemporaryDirectory directory;
  const auto optimizer = [](double value) {
    return AdamW({{"a", torch::full({2, 3}, value).requires_grad_()}}, {});
  };
  AdamW trained = optimizer(1);
  torch::Tensor parameter = trained.parameters().front().value;
  parameter.mutable_grad() = torch::ones({2, 3});
  trained.step(0.1);
  write_checkpoint(directory.path(), {7, 1.5, {{"x", 1}}, {{"seed", 3}}}, trained, 2);
  AdamW restored = optimizer(0);
  const auto path = latest_whole_checkpoint(directory.path());
  ASSERT_TRUE(path);
  const CheckpointState state = read_checkpoint_state(*path);
  EXPECT_EQ(state.step, 7);
  EXPECT_EQ(state.elapsed_seconds, 1.5);
  EXPECT_EQ(state.results["x"], 1);
  EXPECT_EQ(state.run["seed"], 3);
  restore_checkpoint(*path, restored);
  EXPECT_TRUE(restored.parameters().front().value.equal(parameter));
  for (size_t i = 0; i < trained.state().size(); ++i) {
    EXPECT_TRUE(restored.state()[i].value.equal(trained.state()[i].value)) << i;
  }
  AdamW other({{"a", torch::zeros({3, 2})}}, {});
  const Error shape = error_of([&] { restore_checkpoint(*path, other); });
  EXPECT_EQ(shape.code(), ErrorCode::kMismatch);
  EXPECT_THAT(shape.what(), HasSubstr("a has the shape"));
}

TEST(Checkpoint, OnlyTheLatestAreKept) {
  const TemporaryDirectory directory;
  const AdamW optimizer({{"a", torch::zeros({1}).requires_grad_()}}, {});
  for (const int64_t step : {1, 2, 10, 100}) {
    write_checkpoint(directory.path(), {step, 0, Json::object(), Json::object()}, optimizer, 2);
  }
  const std::vector<fs::path> all = checkpoints_of(directory.path());
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].filename(), "step-00000010");
  EXPECT_EQ(all[1].filename(), "step-00000100");
}

TEST(Checkpoint, WithoutAnyThereIsNothingToGoOnFrom) {
  const TemporaryDirectory directory;
  EXPECT_FALSE(latest_whole_checkpoint(directory.path()).has_value());
}

}  // namespace
}  // namespace recto
