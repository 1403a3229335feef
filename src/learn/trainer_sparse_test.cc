// Training runs that train the sparse output beside the dense one.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "learn/trainer_test_support.h"
#include "search/sparse_search.h"
#include "support/sparse_model.h"

namespace recto {
namespace {
namespace fs = std::filesystem;
using testing::HasSubstr;

class TrainerSparseTest : public test::TrainerTest {
 protected:
  TrainSettings sparse_settings(const std::string& name = "out", int steps = 4) const {
    TrainSettings s = settings(name);
    s.sparse_weight = 0.5;
    s.sparse_top_n = 40;
    s.max_steps = steps;
    return s;
  }

  std::vector<double> sparse_losses(const std::string& name = "out") const {
    std::vector<double> losses;
    for (const Json& line : test::metrics_of(output(name))) {
      losses.push_back(line.at("terms").at("sparse").get<double>());
    }
    return losses;
  }

  /// Both embedders read the trained directory, and agree on a page.
  static std::vector<SparseVector> page_vectors(const fs::path& path,
                                                const fs::path& adapter = {}) {
    const auto model = ModelDirectory::open(path, {}, adapter, /*verify_weights=*/true);
    std::vector<ModelInput> inputs;
    for (int i = 0; i < 4; ++i) inputs.push_back(model->inputs().document(test::striped_page(i)));
    std::vector<SparseVector> engine, torch;
    make_cpu_embedder(model, {.threads = 1})->embed_both(inputs, engine);
    make_torch_embedder(model, {.threads = 1})->embed_both(inputs, torch);
    for (size_t i = 0; i < inputs.size(); ++i) EXPECT_EQ(engine[i].ids, torch[i].ids);
    return engine;
  }
};

TEST_F(TrainerSparseTest, AModelWithoutOneGetsIt) {
  TrainSettings s = sparse_settings("out", 120);
  s.epochs = 20;
  s.lr_groups = {R"(sparse_head\..*=5)"};
  train(s);
  const std::vector<double> losses = sparse_losses();
  ASSERT_EQ(losses.size(), 120u);
  double first = 0, last = 0;
  for (size_t i = 0; i < 6; ++i) {
    first += losses[i] / 6;
    last += losses[losses.size() - 1 - i] / 6;
  }
  EXPECT_LT(last, 0.75 * first) << "it learns what it is shown";
  const auto model = ModelDirectory::open(output(), {}, {}, /*verify_weights=*/true);
  ASSERT_TRUE(model->contract().sparse.has_value());
  EXPECT_EQ(model->contract().sparse->top_n, 40);
  EXPECT_EQ(model->contract().sparse->weights_sha256,
            sparse_head_sha256(*model->sparse_head(), model->config()));
  EXPECT_NE(*model->sparse_head(), plain_sparse_head(model->config()));
  for (const SparseVector& page : page_vectors(output())) EXPECT_EQ(page.ids.size(), 40u);
  // The adapter alone, on the model it was trained from, is the same.
  EXPECT_EQ(page_vectors(s.model, output() / "adapter")[0].ids, page_vectors(output())[0].ids);
  for (const Json& line : test::metrics_of(output())) {
    const Json& terms = line.at("terms");
    EXPECT_NEAR(line.at("loss").get<double>(),
                terms.at("infonce").get<double>() + 0.5 * terms.at("sparse").get<double>(), 1e-5);
    EXPECT_GT(terms.at("sparse_flops").get<double>(), 0);
  }
}

TEST_F(TrainerSparseTest, ItsOwnIsTrainedOnOrKeptAsItIs) {
  const fs::path start = path("start");
  test::copy_sparse_model(test::golden_models().front(), start);
  TrainSettings trained = sparse_settings("trained");
  trained.model = start.string();
  trained.sparse_top_n.reset();
  trained.sparse_flops = 0.1;
  train(trained);
  const auto before = ModelDirectory::open(start), after = ModelDirectory::open(output("trained"));
  EXPECT_EQ(after->contract().sparse->top_n, before->contract().sparse->top_n);
  EXPECT_NE(*after->sparse_head(), *before->sparse_head());
  TrainSettings kept = settings("kept");
  kept.model = start.string();
  kept.merge = "off";
  train(kept);
  EXPECT_EQ(*ModelDirectory::open(output("kept"))->sparse_head(), *before->sparse_head());
  EXPECT_FALSE(test::metrics_of(output("kept"))[0].contains("terms"));
}

TEST_F(TrainerSparseTest, ChunksAndInterruptionsChangeNothing) {
  train(sparse_settings("whole"));
  TrainSettings cut = sparse_settings("cut");
  cut.chunk_size = 1;
  train(cut);
  const auto whole = sparse_losses("whole"), chunked = sparse_losses("cut");
  ASSERT_EQ(whole.size(), chunked.size());
  for (size_t i = 0; i < whole.size(); ++i) EXPECT_NEAR(whole[i], chunked[i], 1e-4);
  TrainSettings resumed = sparse_settings("resumed");
  resumed.checkpoint_every = 2;
  const Error error = test::error_of([&] {
    train(resumed, [](int64_t step, double) {
      if (step == 3) throw Error(ErrorCode::kInterrupted, "stopped by the test");
    });
  });
  EXPECT_EQ(error.code(), ErrorCode::kInterrupted);
  resumed.resume = true;
  train(resumed);
  EXPECT_EQ(*ModelDirectory::open(output("resumed"))->sparse_head(),
            *ModelDirectory::open(output("whole"))->sparse_head());
}

TEST_F(TrainerSparseTest, EveryParameterMayBeTrained) {
  TrainSettings s = sparse_settings("full", 2);
  s.method = "full";
  s.lora_r.reset();
  s.lr = 1e-3;
  train(s);
  EXPECT_EQ(page_vectors(output("full")).size(), 4u);
  TrainSettings frozen = sparse_settings("frozen", 2);
  frozen.method = "full";
  frozen.lora_r.reset();
  frozen.freeze = {R"(sparse_head\..*)", R"(vision_model\..*)", R"(connector\..*)"};
  train(frozen);
  const auto model = ModelDirectory::open(output("frozen"));
  EXPECT_EQ(*model->sparse_head(), plain_sparse_head(model->config()));
}

class RefusedSparseTest : public test::RefusedSettingsTest {};

TEST_P(RefusedSparseTest, BeforeAnythingIsWritten) { expect_refused(); }

INSTANTIATE_TEST_SUITE_P(
    Settings, RefusedSparseTest,
    testing::Values(
        test::BadSettings{"weight", [](TrainSettings& s) { s.sparse_weight = -1; },
                          ErrorCode::kUsage, "--sparse-weight is -1"},
        test::BadSettings{"temperature",
                          [](TrainSettings& s) {
                            s.sparse_weight = 1;
                            s.sparse_temperature = 0;
                          },
                          ErrorCode::kUsage, "--sparse-temperature is 0"},
        test::BadSettings{"alone", [](TrainSettings& s) { s.sparse_flops = 1; }, ErrorCode::kUsage,
                          "--sparse-flops is given, but the sparse output is not trained"},
        test::BadSettings{"top_n",
                          [](TrainSettings& s) {
                            s.sparse_weight = 1;
                            s.sparse_top_n = 1 << 20;
                          },
                          ErrorCode::kUsage, "--sparse-top-n is 1048576, but the vocabulary"}),
    [](const auto& made) { return std::string(made.param.name); });

}  // namespace
}  // namespace recto
