#include "model/preset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "base/file.h"
#include "model/model_directory.h"
#include "model/smollm2_tokenizer.h"
#include "support/support.h"

namespace recto {
namespace {
namespace fs = std::filesystem;

int64_t parameters(const ModelConfig& config, bool with_head) {
  int64_t count = 0;
  for (const auto& [name, shape] : expected_tensors(config)) {
    count += TensorView{DType::kF32, shape, {}}.elements();
  }
  const int64_t head = int64_t{config.text.vocab_size} * config.text.hidden_size;
  return count + (with_head ? head : 0);
}

TEST(Preset, HasThePublishedNumberOfParameters) {
  EXPECT_EQ(preset_names(), (std::vector<std::string>{"nano", "256m", "500m", "2.2b"}));
  EXPECT_EQ(parameters(preset_config("256m"), true), 256'484'928);
  EXPECT_EQ(parameters(preset_config("500m"), true), 507'482'304);
  EXPECT_EQ(parameters(preset_config("2.2b"), true), 2'246'272'880);
  EXPECT_EQ(parameters(preset_config("nano"), false), 7'127'808);
}

TEST(Preset, UnknownNamesAndExistingDirectoriesAreUsageErrors) {
  TemporaryDirectory directory;
  write_file(directory.path() / "file", "x");
  for (const auto& [name, path] :
       {std::pair{"1b", directory.path() / "new"}, std::pair{"nano", directory.path()}}) {
    try {
      create_model(name, 1, path);
      ADD_FAILURE() << name << " accepted";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kUsage) << error.what();
    }
  }
  EXPECT_EQ(std::distance(fs::directory_iterator(directory.path()), {}), 1);
}

TEST(Preset, SameSeedSameBytesOtherSeedOtherWeights) {
  TemporaryDirectory directory;
  std::vector<std::string> hashes;
  for (const auto& [name, seed] : {std::pair{"a", 7}, std::pair{"b", 7}, std::pair{"c", 8}}) {
    create_model("nano", static_cast<uint64_t>(seed), directory.path() / name);
  }
  for (const auto& entry : fs::directory_iterator(directory.path() / "a")) {
    const fs::path file = entry.path().filename();
    EXPECT_EQ(read_file(directory.path() / "a" / file), read_file(directory.path() / "b" / file));
  }
  EXPECT_NE(read_file(directory.path() / "a/model.safetensors"),
            read_file(directory.path() / "c/model.safetensors"));
}

TEST(Preset, NanoOpensAndItsWeightsAreNormal) {
  TemporaryDirectory directory;
  create_model("nano", 1, directory.path() / "nano");
  const auto model = ModelDirectory::open(directory.path() / "nano", {}, {}, true);
  EXPECT_TRUE(model->has_own_contract());
  EXPECT_EQ(model->config().image_seq_len(), 16);
  EXPECT_EQ(model->contract().views.longest_edge, 1024);
  EXPECT_EQ(model->tokenizer().vocab_size(), 4096);
  const auto values = to_float(model->weights().at("text_model.embed_tokens.weight"));
  double sum = 0, squares = 0, fourth = 0;
  for (const float x : values) {
    sum += x;
    squares += double{x} * x;
    fourth += std::pow(double{x}, 4);
  }
  const double n = static_cast<double>(values.size());
  EXPECT_NEAR(sum / n, 0, 1e-4);
  EXPECT_NEAR(std::sqrt(squares / n), 0.02, 2e-5);
  EXPECT_NEAR(fourth / n / std::pow(squares / n, 2), 3, 0.05) << "kurtosis of a normal";
  EXPECT_THAT(to_float(model->weights().at("text_model.norm.weight")), ::testing::Each(1.0f));
  EXPECT_THAT(to_float(model->weights().at("vision_model.post_layernorm.bias")),
              ::testing::Each(0.0f));
}

TEST(SmolLm2Tokenizer, IsTheOneOfTheGoldens) {
  EXPECT_EQ(smollm2_tokenizer(), parse_json(test::smollm2_tokenizer_json(), "goldens"));
}

TEST(SmolLm2Tokenizer, TruncatedIsACompleteBpe) {
  const Tokenizer tokenizer =
      Tokenizer::parse(dump_json(truncated_smollm2_tokenizer(4096)), "nano");
  EXPECT_EQ(tokenizer.vocab_size(), 4096);
  EXPECT_EQ(tokenizer.find("<end_of_utterance>"), 4095);
  EXPECT_EQ(tokenizer.find("<image>"), 4094);
  EXPECT_EQ(tokenizer.find("<global-img>"), 4056);
  EXPECT_EQ(tokenizer.find("<row_6_col_6>"), 4092);
  EXPECT_EQ(tokenizer.find("<|im_start|>"), 1);
  const std::string text = "Wie groß ist die Rückstellung 2023? — 東京, naïve façade";
  const auto ids = tokenizer.encode(text);
  EXPECT_EQ(tokenizer.decode(ids), text);
  EXPECT_LT(*std::max_element(ids.begin(), ids.end()), 4056);
  EXPECT_EQ(tokenizer.encode("the <image>").back(), 4094);
}

}  // namespace
}  // namespace recto
