#include "learn/trained_size.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/log.h"
#include "learn/train_test_support.h"
#include "learn/trainable.h"

namespace recto {
namespace {

struct SizeCase {
  const char* name;
  std::function<void(TrainSettings&)> change;
  bool vision;
};

class TrainedSizeTest : public testing::TestWithParam<SizeCase> {};

TEST_P(TrainedSizeTest, IsWhatIsTrainedInTheEnd) {
  set_log_level(LogLevel::kWarning);
  TrainSettings settings;
  settings.lora_r = 3;
  GetParam().change(settings);
  for (const std::string& name : test::golden_models()) {
    const ModelConfig config = read_model_config(test::goldens() / "models" / name);
    RetrieverModel model(config, Contract::default_for({}, config.text.hidden_size));
    const TrainedSize size = trained_size(config, settings, std::nullopt);
    const Trainable trainable = choose_trainable(model, settings, "");
    int64_t all = 0;
    for (const torch::Tensor& parameter : model->parameters()) all += parameter.numel();
    EXPECT_EQ(size.trained, trainable.count) << name;
    EXPECT_EQ(size.all, all) << name;
    EXPECT_EQ(size.vision, GetParam().vision) << name;
    EXPECT_EQ(size.vision, model->vision_trained()) << name;
    EXPECT_EQ(torch_sees(size, settings), size.vision) << name;
    TrainSettings elsewhere = settings;
    elsewhere.device = "cuda:0";
    EXPECT_TRUE(torch_sees(size, elsewhere)) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, TrainedSizeTest,
    testing::Values(
        SizeCase{"lora", [](TrainSettings&) {}, false},
        SizeCase{"dora", [](TrainSettings& s) { s.lora_dora = true; }, false},
        SizeCase{"vision", [](TrainSettings& s) { s.lora_targets = ".*vision_model.*fc1"; }, true},
        SizeCase{"all", [](TrainSettings& s) { s.lora_targets = "all-linear"; }, true},
        SizeCase{"full", [](TrainSettings& s) { s.method = "full"; }, true},
        SizeCase{"frozen",
                 [](TrainSettings& s) {
                   s.method = "full";
                   s.freeze = {"vision_model\\..*", "connector\\..*"};
                 },
                 false}),
    [](const auto& info) { return info.param.name; });

TEST(TrainedSize, APublishedSizeHasThePublishedNumber) {
  // LoRA of rank 32 on the text model's seven layers of SmolVLM-256M.
  ModelConfig config = read_model_config(test::any_model());
  config.text.hidden_size = 576;
  config.text.intermediate_size = 1536;
  config.text.num_hidden_layers = 30;
  config.text.num_attention_heads = 9;
  config.text.num_key_value_heads = 3;
  config.text.head_dim = 64;
  EXPECT_EQ(trained_size(config, {}, std::nullopt).trained, 9'768'960);
}

TEST(TrainedSize, APatternThatSelectsNothingIsAnError) {
  const ModelConfig config = read_model_config(test::any_model());
  TrainSettings settings;
  settings.lora_targets = "vision";
  const Error error = test::error_of([&] { trained_size(config, settings, std::nullopt); });
  EXPECT_EQ(error.code(), ErrorCode::kUsage);
  EXPECT_THAT(error.what(), testing::HasSubstr("--lora-targets: target_modules"));
}

}  // namespace
}  // namespace recto
