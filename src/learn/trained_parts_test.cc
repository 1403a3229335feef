// What a run trains: kinds of adapters and their layers, frozen parts, attention and pooling.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "learn/trainer_test_support.h"
#include "model/adapter.h"

namespace recto {
namespace {

namespace fs = std::filesystem;
using test::error_of;
using testing::HasSubstr;

class TrainedPartsTest : public test::TrainerTest {
 protected:
  /// Vectors of a query and a page by the engine.
  static Matrix engine_vectors(const std::shared_ptr<const ModelDirectory>& model) {
    const std::vector<ModelInput> inputs = {model->inputs().query("river 0 a"),
                                            model->inputs().document(test::striped_page(0))};
    return make_cpu_embedder(model, {.threads = 1})->embed(inputs);
  }
  static double distance(const Matrix& a, const Matrix& b) {
    double most = 0;
    for (size_t i = 0; i < a.values.size(); ++i) {
      most = std::max(most, std::abs(static_cast<double>(a.values[i]) - b.values[i]));
    }
    return most;
  }
  static Adapter adapter_of(const fs::path& output) {
    return read_adapter(output / "adapter", read_model_config(output));
  }
};

struct AdapterKind {
  const char* name;
  std::function<void(TrainSettings&)> change;
  /// Adapted layers: so many in each layer of the text model and of the vision tower, and others.
  int in_text_layer, in_vision_layer, others;
};

class AdapterKindTest : public TrainedPartsTest, public testing::WithParamInterface<AdapterKind> {};

TEST_P(AdapterKindTest, AloneAndMergedGiveTheSameVectors) {
  TrainSettings lora = settings();
  lora.lr = 1e-2;
  lora.lora_dropout = 0.1;
  GetParam().change(lora);
  train(lora);
  const Matrix merged = vectors(output());
  const ModelConfig config = read_model_config(test::any_model());
  const int modules = GetParam().in_text_layer * config.text.num_hidden_layers +
                      GetParam().in_vision_layer * config.vision.num_hidden_layers +
                      GetParam().others;
  EXPECT_EQ(adapter_of(output()).modules.size(), static_cast<size_t>(modules));
  const ContractOverrides edge{.longest_edge = lora.longest_edge};
  const auto apart = ModelDirectory::open(test::any_model(), edge, output() / "adapter");
  EXPECT_LE(distance(engine_vectors(apart), merged), 2e-5);
  EXPECT_GT(distance(engine_vectors(ModelDirectory::open(test::any_model(), edge)), merged), 1e-3);
}

constexpr const char* kVisionLayers = R"(.*vision_model\.encoder\.layers\.\d+\.mlp\.fc\d)";

INSTANTIATE_TEST_SUITE_P(
    All, AdapterKindTest,
    testing::Values(
        AdapterKind{"lora", [](TrainSettings& s) { s.lora_init = "gaussian"; }, 7, 0, 0},
        AdapterKind{"rslora", [](TrainSettings& s) { s.lora_rslora = true; }, 7, 0, 0},
        AdapterKind{"dora", [](TrainSettings& s) { s.lora_dora = true; }, 7, 0, 0},
        AdapterKind{"rsdora", [](TrainSettings& s) { s.lora_dora = s.lora_rslora = true; }, 7, 0,
                    0},
        AdapterKind{"query_only", [](TrainSettings& s) { s.lora_targets = ".*text_model.*q_proj"; },
                    1, 0, 0},
        AdapterKind{"vision", [](TrainSettings& s) { s.lora_targets = kVisionLayers; }, 0, 2, 0},
        AdapterKind{"everything", [](TrainSettings& s) { s.lora_targets = "all-linear"; }, 7, 6, 1},
        AdapterKind{"connector", [](TrainSettings& s) { s.lora_targets = R"(connector\..*)"; }, 0,
                    0, 1},
        AdapterKind{"bidirectional", [](TrainSettings& s) { s.attention = "bidirectional"; }, 7, 0,
                    0},
        AdapterKind{"mean", [](TrainSettings& s) { s.pooling = "mean"; }, 7, 0, 0}),
    [](const auto& info) { return info.param.name; });

TEST_F(TrainedPartsTest, WhatIsTrainedIsSaidWithItsCount) {
  set_log_level(LogLevel::kInfo);
  TrainSettings lora = settings();
  lora.max_steps = 1;
  lora.lora_targets = kVisionLayers;
  lora.lora_dora = lora.lora_rslora = true;
  const ModelConfig config = read_model_config(test::any_model());
  testing::internal::CaptureStderr();
  train(lora);
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              HasSubstr(fmt::format("rsDoRA of rank 4 on {} linear layers that match",
                                    2 * config.vision.num_hidden_layers)));
}

TEST_F(TrainedPartsTest, AttentionAndPoolingAreInTheContract) {
  for (const bool other : {false, true}) {
    TrainSettings run = settings(other ? "other" : "plain");
    run.max_steps = 1;
    if (other) {
      run.attention = "bidirectional";
      run.pooling = "mean";
    }
    train(run);
    const Contract contract = ModelDirectory::open(run.output)->contract();
    EXPECT_EQ(contract.causal, !other);
    EXPECT_EQ(contract.pooling, other ? Pooling::kMean : Pooling::kLast);
    EXPECT_EQ(read_adapter_contract(fs::path(run.output) / "adapter")->pooling, contract.pooling);
  }
}

TEST_F(TrainedPartsTest, APoolingThatThePromptsAreNotMadeForIsRefused) {
  const fs::path model = directory_.path() / "model";
  const auto from = ModelDirectory::open(test::any_model());
  Contract contract = from->contract();
  contract.pooling = Pooling::kMean;
  contract.query_prompt = "{query}";
  write_model_directory(*from, from->weights(), DType::kF32, contract, model);
  TrainSettings last = settings();
  last.model = model;
  last.pooling = "last";
  const Error error = error_of([&] { train(last); });
  EXPECT_EQ(error.code(), ErrorCode::kUsage);
  EXPECT_THAT(error.what(), HasSubstr("--pooling last: query_prompt"));
}

TEST_F(TrainedPartsTest, FrozenPartsStayAsTheyAre) {
  TrainSettings frozen = settings();
  frozen.method = "full";
  frozen.lora_r.reset();
  frozen.lr = 1e-3;
  frozen.freeze = {"vision_model\\..*", "connector\\..*"};
  train(frozen);
  const Weights before = ModelDirectory::open(test::any_model())->weights();
  const Weights after = ModelDirectory::open(output())->weights();
  const auto same = [&](const std::string& name) {
    return to_float(before.at(name)) == to_float(after.at(name));
  };
  EXPECT_TRUE(same("vision_model.post_layernorm.weight"));
  EXPECT_TRUE(same("connector.modality_projection.proj.weight"));
  EXPECT_FALSE(same("text_model.norm.weight"));
}

using Refused = test::BadSettings;
class RefusedTest : public test::RefusedSettingsTest {};

TEST_P(RefusedTest, BeforeAnythingIsWritten) { expect_refused(); }

void train_everything(TrainSettings& s) {
  s.method = "full";
  s.lora_r.reset();
}

void go_on_with_nothing(TrainSettings& s) {
  s.adapter = "/nonexistent";
  s.lora_r.reset();
}

INSTANTIATE_TEST_SUITE_P(
    All, RefusedTest,
    testing::Values(Refused{"adapter_rank", [](TrainSettings& s) { s.adapter = "/nonexistent"; },
                            ErrorCode::kUsage, "--lora-r has no meaning with --adapter"},
                    Refused{"adapter_kind",
                            [](TrainSettings& s) {
                              go_on_with_nothing(s);
                              s.lora_dora = true;
                            },
                            ErrorCode::kUsage, "--lora-dora has no meaning with --adapter"},
                    Refused{"adapter_full",
                            [](TrainSettings& s) {
                              go_on_with_nothing(s);
                              s.method = "full";
                              s.lora_r.reset();
                            },
                            ErrorCode::kUsage, "recto model merge"},
                    Refused{"adapter_missing", go_on_with_nothing, ErrorCode::kNotFound,
                            "/nonexistent/adapter_config.json"},
                    Refused{"full_rank", [](TrainSettings& s) { s.method = "full"; },
                            ErrorCode::kUsage,
                            "--lora-r has no meaning with --method full, which trains the weights"},
                    Refused{"full_alpha",
                            [](TrainSettings& s) {
                              train_everything(s);
                              s.lora_alpha = 8;
                            },
                            ErrorCode::kUsage, "--lora-alpha has no meaning with --method full"},
                    Refused{"full_dropout",
                            [](TrainSettings& s) {
                              train_everything(s);
                              s.lora_dropout = 0.1;
                            },
                            ErrorCode::kUsage, "--lora-dropout has no meaning with --method full"},
                    Refused{"full_init",
                            [](TrainSettings& s) {
                              train_everything(s);
                              s.lora_init = "gaussian";
                            },
                            ErrorCode::kUsage, "--lora-init has no meaning with --method full"},
                    Refused{"full_targets",
                            [](TrainSettings& s) {
                              train_everything(s);
                              s.lora_targets = "all-linear";
                            },
                            ErrorCode::kUsage, "--lora-targets has no meaning with --method full"},
                    Refused{"full_rslora",
                            [](TrainSettings& s) {
                              train_everything(s);
                              s.lora_rslora = true;
                            },
                            ErrorCode::kUsage, "--lora-rslora has no meaning with --method full"},
                    Refused{"full_dora",
                            [](TrainSettings& s) {
                              train_everything(s);
                              s.lora_dora = true;
                            },
                            ErrorCode::kUsage, "--lora-dora has no meaning with --method full"},
                    Refused{"merge_full",
                            [](TrainSettings& s) {
                              s.merge = "off";
                              s.method = "full";
                              s.lora_r.reset();
                            },
                            ErrorCode::kUsage, "--method full makes none"},
                    Refused{"merge_dtype",
                            [](TrainSettings& s) {
                              s.merge = "off";
                              s.dtype = "bf16";
                            },
                            ErrorCode::kUsage, "leave out --dtype bf16"},
                    Refused{"merge", [](TrainSettings& s) { s.merge = "maybe"; }, ErrorCode::kUsage,
                            "--merge is \"maybe\"; on, off is wanted"},
                    Refused{"attention", [](TrainSettings& s) { s.attention = "full"; },
                            ErrorCode::kUsage, "--attention is \"full\""},
                    Refused{"pooling", [](TrainSettings& s) { s.pooling = "first"; },
                            ErrorCode::kUsage, "--pooling is \"first\""},
                    Refused{"schedule", [](TrainSettings& s) { s.schedule = "step"; },
                            ErrorCode::kUsage, "--schedule is \"step\""},
                    Refused{"zero_lr", [](TrainSettings& s) { s.lr = 0; }, ErrorCode::kUsage,
                            "--lr is 0; a number above 0 is wanted"},
                    Refused{"zero_lr_group", [](TrainSettings& s) { s.lr_groups = {".*=0"}; },
                            ErrorCode::kUsage, "--freeze"},
                    Refused{"lr_group", [](TrainSettings& s) { s.lr_groups = {"vision=2"}; },
                            ErrorCode::kUsage, "--lr-group vision matches none of the"},
                    Refused{"no_decay", [](TrainSettings& s) { s.no_decay = {"norms"}; },
                            ErrorCode::kUsage, "--no-decay norms matches none of the"},
                    Refused{"precision", [](TrainSettings& s) { s.precision = "fp8"; },
                            ErrorCode::kUsage, "--precision is \"fp8\""},
                    Refused{"keep_best", [](TrainSettings& s) { s.keep_best = 2; },
                            ErrorCode::kUsage, "say how often by --eval-every"},
                    Refused{"early_stopping", [](TrainSettings& s) { s.early_stopping = 2; },
                            ErrorCode::kUsage, "say how often by --eval-every"},
                    Refused{"average_best",
                            [](TrainSettings& s) {
                              s.keep_best = 1;
                              s.average_best = true;
                            },
                            ErrorCode::kUsage, "2 or more"}),
    [](const auto& info) { return info.param.name; });

class ContinuedTest : public TrainedPartsTest {
 protected:
  /// Settings that go on from the adapter of the run in output("first").
  TrainSettings continued(const std::string& name) const {
    TrainSettings run = settings(name);
    run.adapter = output("first") / "adapter";
    run.lora_r.reset();
    return run;
  }
};

TEST_F(ContinuedTest, TheFirstLossIsThatOfTheMergedModel) {
  for (const bool dora : {false, true}) {
    fs::remove_all(output("first"));
    TrainSettings first = settings("first");
    first.lr = 1e-2;
    first.lora_dora = dora;
    train(first);
    const auto first_loss = [&](TrainSettings run) {
      fs::remove_all(run.output);
      double loss = 0;
      run.max_steps = 1;
      train(run, [&](int64_t, double value) { loss = value; });
      return loss;
    };
    TrainSettings merged = settings("merged");
    merged.model = output("first");
    EXPECT_NEAR(first_loss(continued("next")), first_loss(merged), 1e-4);
    EXPECT_GT(std::abs(first_loss(settings("base")) - first_loss(merged)), 1e-2);
    const Adapter adapter = adapter_of(output("next"));
    EXPECT_EQ(adapter.modules.begin()->second.rank, 4);
    EXPECT_EQ(!adapter.modules.begin()->second.magnitude.empty(), dora);
    vectors(output("next"));
  }
}

TEST_F(ContinuedTest, InterruptedAndResumedItGivesTheSameBytes) {
  train(settings("first"));
  TrainSettings whole = continued("whole");
  whole.lora_dropout = 0.2;
  whole.checkpoint_every = 2;
  train(whole);
  TrainSettings broken = whole;
  broken.output = output("broken");
  error_of([&] {
    train(broken, [](int64_t step, double) {
      if (step == 3) fail(ErrorCode::kIo, "the power went out");
    });
  });
  broken.resume = true;
  train(broken);
  EXPECT_EQ(read_file(output("broken") / "model.safetensors"),
            read_file(output("whole") / "model.safetensors"));
}

TEST_F(ContinuedTest, AnAdapterOfAnotherBaseOrShapeIsRefusedByName) {
  train(settings("first"));
  TrainSettings run = continued("next");
  run.model = output("first");  // other weights of the same shape
  const Error other = error_of([&] { train(run); });
  EXPECT_EQ(other.code(), ErrorCode::kMismatch);
  EXPECT_THAT(other.what(), HasSubstr("was trained on another base model"));
  if (test::golden_models().size() < 2) return;
  run.model = test::goldens() / "models" / test::golden_models().back();
  const Error shape = error_of([&] { train(run); });
  EXPECT_THAT(shape.what(), testing::AnyOf(HasSubstr("layers.0."), HasSubstr("dimensions")));
  fs::remove(output("first") / "adapter" / "retriever.json");  // as another tool writes it
  const Error module = error_of([&] { train(run); });
  EXPECT_EQ(module.code(), ErrorCode::kBadInput);
  EXPECT_THAT(module.what(), HasSubstr("text_model.layers."));
  EXPECT_FALSE(fs::exists(run.output));
}

TEST_F(TrainedPartsTest, MergeOffKeepsTheWeightsAndIsStillAModel) {
  train(settings("merged"));
  TrainSettings run = settings("apart");
  run.merge = "off";
  train(run);
  EXPECT_LE(distance(vectors(output("apart")), vectors(output("merged"))), 2e-5);
  const auto base = ModelDirectory::open(test::any_model());
  EXPECT_EQ(ModelDirectory::open(output("apart"))->base_weights_sha256(), base->weights().sha256());
  EXPECT_EQ(read_file(output("apart") / "adapter" / "adapter_model.safetensors"),
            read_file(output("merged") / "adapter" / "adapter_model.safetensors"));

  TrainSettings more = settings("more");
  more.model = output("apart");
  const Error error = error_of([&] { train(more); });
  EXPECT_EQ(error.code(), ErrorCode::kUsage);
  EXPECT_THAT(error.what(), HasSubstr("keeps an adapter apart"));
  more.adapter = output("apart") / "adapter";
  more.lora_r.reset();
  EXPECT_EQ(train(more).steps, 4);
  vectors(output("more"));
}

}  // namespace
}  // namespace recto
