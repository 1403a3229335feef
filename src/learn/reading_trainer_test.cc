#include "learn/reading_trainer.h"

#include <gmock/gmock.h>

#include <stdexcept>

#include "engine/cpu_embedder.h"
#include "learn/fresh_parameters.h"
#include "learn/metrics_log.h"
#include "learn/muon.h"
#include "learn/reading_counts.h"
#include "learn/reading_test_support.h"
#include "learn/torch_embedder.h"
#include "support/errors.h"

namespace recto {
namespace {
namespace fs = std::filesystem;

using testing::HasSubstr;

TEST(Muon, ADirectionIsNearlyOrthogonal) {
  for (const auto& [rows, columns] : {std::pair<int64_t, int64_t>{24, 8}, {8, 24}, {16, 16}}) {
    const torch::Tensor matrix = torch::randn({rows, columns});
    const torch::Tensor made = nearly_orthogonal(matrix);
    ASSERT_EQ(made.sizes(), matrix.sizes());
    const torch::Tensor values = at::linalg_svdvals(made);
    EXPECT_LT(values.max().item<double>(), 1.35);
    // Along the matrix itself: the inner product is a good part of the sum of its singular values.
    EXPECT_GT((made * matrix).sum().item<double>(),
              0.6 * at::linalg_svdvals(matrix).sum().item<double>());
  }
}

TEST(Muon, StepsDownhillAndItsStateComesBack) {
  torch::manual_seed(1);
  const torch::Tensor wanted = torch::randn({6, 4});
  NamedParameter parameter{"w", torch::zeros({6, 4}, torch::requires_grad())};
  Muon muon({parameter}, 0);
  const auto distance = [&] { return (parameter.value - wanted).square().sum(); };
  const auto before = distance().item<double>();
  for (int i = 0; i < 60; ++i) {
    muon.zero_gradients();
    distance().backward();
    muon.step(0.05);
  }
  EXPECT_LT(distance().item<double>(), 0.1 * before);
  const std::vector<NamedParameter> state = muon.state();
  ASSERT_EQ(state.size(), 2U);
  EXPECT_EQ(state[0].name, "value.w");
  EXPECT_EQ(state[1].name, "momentum.w");
  EXPECT_GT(state[1].value.norm().item<double>(), 0);
}

TEST(EditDistance, OfCodePoints) {
  EXPECT_EQ(edit_distance("", ""), 0);
  EXPECT_EQ(edit_distance("", "abc"), 3);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3);
  EXPECT_EQ(edit_distance("été", "ete"), 2);
}

using ReadingTrainer = test::ReadingTest;

TEST_F(ReadingTrainer, LearnsAndWritesAModel) {
  TrainSettings settings = common("learnt");
  settings.max_steps = 24;
  settings.eval_every = 12;
  settings.dtype = "bf16";
  std::vector<double> losses;
  const ReadingResult result =
      train_reading(settings, reading(), [&](int64_t, double loss) { losses.push_back(loss); });
  EXPECT_EQ(result.steps, 24);
  ASSERT_EQ(losses.size(), 24U);
  EXPECT_LT(losses.back(), 0.75 * losses.front());
  ASSERT_TRUE(result.measure.has_value());
  EXPECT_GT(result.measure->characters, 50);
  EXPECT_GT(result.measure->tokens, 10);
  EXPECT_GT(result.measure->line_error_rate, 0);
  const fs::path output = settings.output;
  const Json train = read_json(output / "train.json");
  EXPECT_EQ(train["finished"], true);
  EXPECT_EQ(train["held_out"]["tokens"], result.measure->tokens);
  EXPECT_EQ(read_metrics(output / "metrics.jsonl").size(), 24U + 2);
  // The heads are left out, so that it opens strictly, and both embedders read it alike.
  const auto model = ModelDirectory::open(output, {}, {}, /*verify_weights=*/true);
  EXPECT_EQ(model->config().dtype, DType::kBF16);
  const std::vector<ModelInput> inputs = {
      model->inputs().query("river"),
      model->inputs().document({64, 48, std::vector<uint8_t>(64 * 48 * 3, 200)})};
  std::vector<SparseVector> sparse, twin;
  const Matrix engine = make_cpu_embedder(model, {.threads = 1})->embed_both(inputs, sparse);
  const Matrix torch = make_torch_embedder(model, {.threads = 1})->embed_both(inputs, twin);
  for (size_t i = 0; i < engine.values.size(); ++i) {
    EXPECT_NEAR(engine.values[i], torch.values[i], 2e-5);
  }
  // The bags of tokens are its sparse output.
  EXPECT_NE(*model->sparse_head(), plain_sparse_head(model->config()));
  EXPECT_FALSE(sparse[1].ids.empty());
  EXPECT_EQ(sparse[1].ids, twin[1].ids);
}

TEST_F(ReadingTrainer, WithoutBagsThereIsNoSparseOutput) {
  TrainSettings settings = common("plain");
  settings.max_steps = 1;
  settings.loss = {"characters"};
  train_reading(settings, reading());
  EXPECT_FALSE(ModelDirectory::open(settings.output)->contract().sparse.has_value());
}

TEST_F(ReadingTrainer, WhatAllEmbeddingsHaveInCommonIsTakenAway) {
  const auto furthest_mean = [](const fs::path& model) {
    const auto directory = ModelDirectory::open(model);
    const auto& tensor = directory->weights().at("text_model.embed_tokens.weight");
    const auto [rows, width] = std::pair{tensor.shape[0], tensor.shape[1]};
    const torch::Tensor table = torch::tensor(to_float(tensor)).reshape({rows, width});
    return table.mean(0).abs().max().item<double>();
  };
  TrainSettings settings = common("centred");
  settings.max_steps = 1;
  settings.lr = 1e-9;
  ReadingSettings still = reading();
  still.muon_lr = 1e-9;
  train_reading(settings, still);
  EXPECT_GT(furthest_mean(settings.model), 1e-4);
  EXPECT_LT(furthest_mean(settings.output), 1e-6);
}

// A text model may learn to transcribe what a retriever was made of already.
TEST_F(ReadingTrainer, WhatIsFrozenStaysAsItIs) {
  TrainSettings settings = common("to-freeze");
  settings.max_steps = 1;
  train_reading(settings, reading());
  settings.model = settings.output;
  settings.output = (root() / "frozen").string();
  settings.max_steps = 2;
  settings.loss = {"transcription"};
  settings.freeze = {R"(vision_model\..*)", R"(connector\..*)", R"(text_model\.embed_tokens\..*)"};
  ReadingSettings lines = reading();
  lines.line_tiles = 1;
  lines.transcribed_tiles = 1;
  lines.fresh = {R"(text_model\.layers\..*)"};
  train_reading(settings, lines);
  const auto before = ModelDirectory::open(settings.model),
             after = ModelDirectory::open(settings.output);
  EXPECT_EQ(*after->sparse_head(), *before->sparse_head());
  for (const auto& [name, tensor] : before->weights().tensors()) {
    const bool same = to_float(after->weights().at(name)) == to_float(tensor);
    const bool layer = name.starts_with("text_model.layers.");
    if (name != "text_model.norm.weight") EXPECT_EQ(same, !layer) << name;
  }
  settings.output = (root() / "nothing").string();
  settings.freeze = {"no such"};
  EXPECT_THAT(test::error_of([&] { train_reading(settings, lines); }, ErrorCode::kUsage),
              HasSubstr("matches no parameter"));
  settings.freeze.clear();
  lines.fresh = {"no such"};
  EXPECT_THAT(test::error_of([&] { train_reading(settings, lines); }, ErrorCode::kUsage),
              HasSubstr("--fresh \"no such\" matches no parameter"));
  EXPECT_FALSE(fs::exists(settings.output));
}

struct SmallModule : torch::nn::Module {
  SmallModule() {
    register_parameter("matrix_weight", torch::full({40, 50}, 3.0F));
    register_parameter("matrix_bias", torch::full({40}, 3.0F));
    register_parameter("norm_weight", torch::full({40}, 3.0F));
    register_parameter("norm_bias", torch::full({40}, 3.0F));
  }
};

TEST(BeginAnew, GivesWhatAModelOfRandomWeightsHas) {
  SmallModule model;
  begin_anew(model, {R"(matrix_.*)", R"(norm_weight)"}, 5);
  const auto found = model.named_parameters();
  const torch::Tensor drawn = found["matrix_weight"].detach().clone();
  EXPECT_NEAR(drawn.std().item<double>(), kFreshDeviation, 0.001);
  EXPECT_TRUE(torch::equal(found["matrix_bias"], torch::zeros({40})));
  EXPECT_TRUE(torch::equal(found["norm_weight"], torch::ones({40})));
  EXPECT_TRUE(torch::equal(found["norm_bias"], torch::full({40}, 3.0F)));
  begin_anew(model, {R"(matrix_weight)"}, 5);
  EXPECT_TRUE(torch::equal(found["matrix_weight"], drawn)) << "by the seed";
}

TEST(ReadingCounts, AreWhatTheLossesAreMeansOver) {
  ReadingTile first, second, third;
  first.slots = {0, 0, 5, 0, 7};
  first.tokens = {{9, 0, 0}, {8, 3, 1}, {9, 4, 1}};
  first.text = {9, 8, 9};
  second.slots = {0, 0, 0, 0, 0};
  second.text = {8};
  third.slots = {1};
  const std::vector<ReadingTile> tiles = {first, second, third};
  EXPECT_EQ(shortest_texts(tiles, 5), (std::vector<size_t>{1, 0}));
  EXPECT_EQ(shortest_texts(tiles, 1), (std::vector<size_t>{1}));
  const std::vector<size_t> both = {1, 0};
  const ReadingCounts counts = count_answers(tiles, both);
  EXPECT_NEAR(counts.slots, 3 + 8 * kBlankWeight, 1e-9);
  EXPECT_EQ(counts.tokens, 3);
  EXPECT_EQ(counts.blocks, 2);
  EXPECT_EQ(counts.answers, 3 + 1 + 2);
}

TEST_F(ReadingTrainer, AResumedRunGivesTheSameBytes) {
  TrainSettings settings = common("whole");
  settings.max_steps = 5;
  settings.checkpoint_every = 2;
  train_reading(settings, reading());
  TrainSettings cut = settings;
  cut.output = (root() / "cut").string();
  struct Killed {};
  EXPECT_THROW(train_reading(cut, reading(),
                             [](int64_t step, double) {
                               if (step == 3) throw Killed();
                             }),
               Killed);
  EXPECT_FALSE(fs::exists(fs::path(cut.output) / "model.safetensors"));
  cut.resume = true;
  EXPECT_EQ(train_reading(cut, reading()).steps, 5);
  EXPECT_EQ(read_file(fs::path(cut.output) / "model.safetensors"),
            read_file(fs::path(settings.output) / "model.safetensors"));
  EXPECT_EQ(read_metrics(fs::path(cut.output) / "metrics.jsonl").size(),
            read_metrics(fs::path(settings.output) / "metrics.jsonl").size());
  // It may go on to more steps, but not with other settings.
  cut.max_steps = 6;
  EXPECT_EQ(train_reading(cut, reading()).steps, 6);
  cut.seed = 9;
  EXPECT_THAT(test::error_of([&] { train_reading(cut, reading()); }, ErrorCode::kMismatch),
              HasSubstr("seed"));
}

TEST_F(ReadingTrainer, AThreadGoesThroughAPartOfTheBatch) {
  const auto run = [&](const std::string& name, int threads) {
    TrainSettings settings = common(name);
    settings.threads = threads;
    settings.batch_size = 10;
    settings.max_steps = 2;
    settings.loss = {"characters:1,tokens:0.5,bag:0.5"};
    std::vector<double> losses;
    train_reading(settings, reading(), [&](int64_t, double loss) { losses.push_back(loss); });
    return std::pair{losses, read_file(fs::path(settings.output) / "model.safetensors")};
  };
  const auto alone = run("alone", 1), parts = run("parts", 2), again = run("parts-again", 2);
  EXPECT_EQ(parts, again);
  EXPECT_NE(parts.second, alone.second);
  for (size_t i = 0; i < 2; ++i) EXPECT_NEAR(parts.first[i] / alone.first[i], 1, 1e-4) << i;
}

TEST_F(ReadingTrainer, ChecksItsStart) {
  TrainSettings settings = common("learnt-again");
  settings.method = "full";
  EXPECT_THAT(test::error_of([&] { train_reading(settings, reading()); }, ErrorCode::kUsage),
              HasSubstr("--method"));
  settings = common("pdfs");
  EXPECT_THAT(test::error_of([&] { train_reading(settings, reading()); }, ErrorCode::kUsage),
              HasSubstr("exists already"));
}

}  // namespace
}  // namespace recto
