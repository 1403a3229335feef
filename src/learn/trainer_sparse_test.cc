// Training runs that train the sparse output beside the dense one.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "eval/kept_pages.h"
#include "learn/starting_head.h"
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

/// Vectors from the vocabulary: nothing but the head is trained, on features that are kept.
class TrainerVocabularyTest : public TrainerSparseTest {
 protected:
  TrainSettings vocabulary_settings(const std::string& name = "out", int steps = 4) const {
    TrainSettings s = settings(name);
    s.method = "full";
    s.lora_r.reset();
    s.freeze = {R"(vision_model\..*)", R"(connector\..*)", R"(text_model\..*)"};
    s.pooling = "vocabulary";
    s.dimensions = {48, 16};
    s.sparse_gain = 4;
    s.sparse_candidates = 9;
    s.max_steps = steps;
    s.negatives = 0;
    s.lr = 1e-2;
    return s;
  }
};

TEST_F(TrainerVocabularyTest, ALearntMatrixMakesTheVectors) {
  TrainSettings s = vocabulary_settings("out", 60);
  s.epochs = 20;
  train(s);
  const std::vector<Json> metrics = test::metrics_of(output());
  for (const double chance : {1.0, 2.0}) {
    EXPECT_GT(std::abs(metrics.front().at("loss").get<double>() - chance * std::log(s.batch_size)),
              1e-3)
        << "the vectors of the first step's queries know their words";
  }
  EXPECT_LT(metrics.back().at("loss").get<double>(), 0.7 * metrics.front().at("loss").get<double>())
      << "it learns what it is shown";
  const auto model = ModelDirectory::open(output(), {}, {}, /*verify_weights=*/true);
  const Contract& contract = model->contract();
  EXPECT_EQ(contract.pooling, Pooling::kVocabulary);
  EXPECT_EQ(contract.dimensions, (std::vector<int>{48, 16}));
  EXPECT_EQ(contract.sparse->gain, 4);
  EXPECT_EQ(contract.sparse->candidates, 9);
  EXPECT_EQ(model->sparse_head()->dense_width(), 48);
  const auto base = ModelDirectory::open(s.model);
  for (const auto& [name, tensor] : base->weights().tensors()) {
    ASSERT_EQ(to_float(model->weights().at(name)), to_float(tensor)) << name << " stays as it is";
  }
  std::vector<ModelInput> inputs = {model->inputs().query("a word of it"),
                                    model->inputs().document(test::striped_page(1)),
                                    model->inputs().passage("words, words"),
                                    model->inputs().document(test::striped_page(2), "and a text")};
  const Matrix engine = make_cpu_embedder(model, {.threads = 1})->embed(inputs);
  const Matrix torch = make_torch_embedder(model, {.threads = 1})->embed(inputs);
  const std::vector<float>& written = model->sparse_head()->dense;
  const std::vector<float> begun = fresh_dense(model->config().text.vocab_size, 48, s.seed);
  int of_queries = 0;
  for (const int32_t id : inputs[0].words.ids) {
    for (size_t d = 0; d < 48; ++d) {
      const size_t place = static_cast<size_t>(id) * 48 + d;
      of_queries += std::abs(written[place] - begun[place]) > 1e-3 ? 1 : 0;
    }
  }
  EXPECT_GT(of_queries, 0);
  for (size_t i = 0; i < engine.values.size(); ++i) {
    EXPECT_NEAR(engine.values[i], torch.values[i], 2e-5);
  }
  // It is the one that the sparse output is searched by, too.
  EXPECT_EQ(page_vectors(output()).size(), 4u);
}

TEST_F(TrainerVocabularyTest, ItIsTrainedOnAndAnInterruptionChangesNothing) {
  train(vocabulary_settings("whole"));
  TrainSettings resumed = vocabulary_settings("resumed");
  resumed.checkpoint_every = 2;
  test::error_of([&] {
    train(resumed, [](int64_t step, double) {
      if (step == 3) throw Error(ErrorCode::kInterrupted, "stopped by the test");
    });
  });
  resumed.resume = true;
  train(resumed);
  const auto whole = ModelDirectory::open(output("whole"));
  EXPECT_EQ(*ModelDirectory::open(output("resumed"))->sparse_head(), *whole->sparse_head());
  TrainSettings on = vocabulary_settings("on", 2);
  on.model = output("whole").string();
  on.pooling.clear();
  on.dimensions.clear();
  on.sparse_gain.reset();
  on.sparse_candidates.reset();
  on.lr = 1e-6;
  train(on);
  const auto trained_on = ModelDirectory::open(output("on"));
  EXPECT_EQ(trained_on->contract().dimensions, whole->contract().dimensions);
  const std::vector<float>&before = whole->sparse_head()->dense,
        &after = trained_on->sparse_head()->dense;
  ASSERT_EQ(before.size(), after.size());
  for (size_t i = 0; i < before.size(); ++i) ASSERT_NEAR(before[i], after[i], 1e-2);
}

// The weights of a page are what is kept of it then, by trainings and evaluations alike.
TEST_F(TrainerVocabularyTest, WithAFrozenHeadWeightsAreKeptOfPages) {
  const auto run = [&](const std::string& name, const std::string& store) {
    TrainSettings s = vocabulary_settings(name);
    s.freeze.push_back(R"(sparse_head\.(norm\.weight|projection\.weight|bias))");
    s.feature_store = store;
    const std::optional<FeatureCounts> features = train(s).features;
    const auto model = ModelDirectory::open(output(name));
    EXPECT_EQ(model->sparse_head()->norm, plain_sparse_head(model->config()).norm);
    return std::pair{*features, model->sparse_head()->dense};
  };
  const std::string store = output("store").string();
  const auto [alone, wanted] = run("alone", "");
  const auto [first, of_first] = run("first", store);
  const auto [second, of_second] = run("second", store);
  EXPECT_EQ(of_first, wanted);
  EXPECT_EQ(of_second, wanted);
  EXPECT_EQ(first.from_store, 0);
  EXPECT_EQ(second.computed, 0);
  EXPECT_EQ(second.from_store, first.computed);
  const auto model = ModelDirectory::open(output("first"));
  const auto kept = FeatureStores(store, DType::kF32).open(*model);
  EXPECT_EQ(static_cast<int64_t>(kept->size()), first.computed);
  const std::string file = encode_png(test::striped_page(1));
  const std::optional<StoredFeatures> page = kept->find(sha256_digest(as_bytes(file)));
  ASSERT_TRUE(page.has_value());
  EXPECT_EQ(page->record.rows, 1U);
  EXPECT_EQ(page->record.value_bytes, sizeof(float) * model->config().text.vocab_size);
}

TEST_F(TrainerVocabularyTest, BothOutputsInOneRun) {
  TrainSettings s = vocabulary_settings();
  s.sparse_weight = 0.5;
  train(s);
  EXPECT_TRUE(test::metrics_of(output())[0].at("terms").contains("sparse"));
  EXPECT_NE(ModelDirectory::open(output())->sparse_head()->bias,
            plain_sparse_head(ModelDirectory::open(output())->config()).bias);
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
                          ErrorCode::kUsage, "--sparse-top-n is 1048576, but the vocabulary"},
        test::BadSettings{"candidates",
                          [](TrainSettings& s) {
                            s.sparse_weight = 1;
                            s.sparse_candidates = 1 << 20;
                          },
                          ErrorCode::kUsage, "--sparse-candidates is 1048576, but the vocabulary"},
        test::BadSettings{"gain",
                          [](TrainSettings& s) {
                            s.sparse_weight = 1;
                            s.sparse_gain = 2000;
                          },
                          ErrorCode::kUsage, "--sparse-gain is 2000; 1024 or less is wanted"},
        test::BadSettings{"gain_alone", [](TrainSettings& s) { s.sparse_gain = 4; },
                          ErrorCode::kUsage, "--sparse-gain is given, but nothing asks for"},
        test::BadSettings{"adapters", [](TrainSettings& s) { s.pooling = "vocabulary"; },
                          ErrorCode::kUsage, "the layers that adapters are put on take no part"}),
    [](const auto& made) { return std::string(made.param.name); });

}  // namespace
}  // namespace recto
