// Evaluations with a feature store: the same vectors, computed once.
#include "eval/kept_pages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/log.h"
#include "engine/cpu_embedder.h"
#include "eval/evaluation.h"
#include "model/model_write.h"
#include "page/encode.h"
#include "support/errors.h"
#include "support/sparse_model.h"

namespace recto {
namespace {
namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr int kPages = 6;

class KeptPagesTest : public testing::Test {
 protected:
  void SetUp() override {
    set_log_level(LogLevel::kInfo);
    write_dataset();
  }
  void TearDown() override { set_log_level(LogLevel::kWarning); }

  fs::path path(const std::string& name) const { return directory_.path() / name; }

  void write_dataset() {
    make_directories(path("data"));
    DatasetWriter writer(path("data"));
    for (int i = 0; i < kPages; ++i) {
      PageRow page;
      page.document_id = "doc";
      page.page_number = i + 1;
      page.page_id = "doc-" + std::to_string(i + 1);
      Image image{100 + 20 * i, 140, {}};
      image.rgb.resize(static_cast<size_t>(image.width * image.height * 3),
                       static_cast<uint8_t>(40 * i));
      page.image = encode_png(image);
      writer.add("test", page);
      const std::string query = "q" + std::to_string(i);
      writer.add("test", QueryRow{query, "word " + query, "en", "heading", "m", "1"});
      writer.add("test", QrelRow{query, page.page_id, 1});
    }
    writer.finish(Json::object(), "");
  }

  std::shared_ptr<const ModelDirectory> model() const {
    return ModelDirectory::open(test::goldens() / "models" / test::golden_models().front());
  }

  /// The model with one value of a tensor changed.
  std::shared_ptr<const ModelDirectory> changed(const std::string& tensor) const {
    const auto from = model();
    Weights weights = from->weights();
    std::vector<float> values = to_float(weights.at(tensor));
    values[0] += 0.5F;
    weights.replace(tensor, values);
    write_model_directory(*from, weights, DType::kF32, from->contract(), path(tensor));
    return ModelDirectory::open(path(tensor));
  }

  struct Counts {
    int64_t from_store, computed;
    bool operator==(const Counts&) const = default;
  };

  std::vector<float> vectors(const std::shared_ptr<const ModelDirectory>& of) const {
    const auto embedder = make_cpu_embedder(of, {.threads = 1});
    return embed_pages(Dataset::open(path("data")), "test", *embedder, {}).vectors.values;
  }

  /// With the store, in a process of its own as far as it knows.
  std::vector<float> kept_vectors(const std::shared_ptr<const ModelDirectory>& of, DType dtype,
                                  Counts expected) const {
    KeptPages kept(FeatureStores(path("store"), dtype).open(*of), dtype, of, 1);
    const auto embedder = make_cpu_embedder(of, {.threads = 1});
    const Embeddings pages = embed_pages(Dataset::open(path("data")), "test", *embedder, {}, &kept);
    EXPECT_EQ(kept.from_store(), expected.from_store);
    EXPECT_EQ(kept.computed(), expected.computed);
    return pages.vectors.values;
  }

  EvaluationPlan plan() const {
    EvaluationPlan plan;
    plan.data = {path("data")};
    plan.models = {{"model", model()}};
    plan.engine.threads = 1;
    plan.resampling = {.resamples = 100, .permutations = 100};
    return plan;
  }

  TemporaryDirectory directory_;
};

TEST_F(KeptPagesTest, ASecondTimeNothingIsComputedAndTheVectorsAreTheSame) {
  const auto wanted = vectors(model());
  EXPECT_EQ(kept_vectors(model(), DType::kF32, {0, kPages}), wanted);
  EXPECT_EQ(kept_vectors(model(), DType::kF32, {kPages, 0}), wanted);
}

TEST_F(KeptPagesTest, WhatIsRoundedIsSoTheFirstTimeAsWell) {
  const auto exact = vectors(model());
  for (const DType dtype : {DType::kBF16, DType::kF16}) {
    const auto first = kept_vectors(model(), dtype, {0, kPages});
    EXPECT_NE(first, exact);
    EXPECT_EQ(kept_vectors(model(), dtype, {kPages, 0}), first);
  }
}

TEST_F(KeptPagesTest, OnlyWhatTheVisionTowerMakesDecides) {
  kept_vectors(model(), DType::kF32, {0, kPages});
  const auto other_text = changed("text_model.layers.0.input_layernorm.weight");
  EXPECT_EQ(kept_vectors(other_text, DType::kF32, {kPages, 0}), vectors(other_text));
  const auto other_vision = changed("vision_model.post_layernorm.bias");
  EXPECT_EQ(kept_vectors(other_vision, DType::kF32, {0, kPages}), vectors(other_vision));
  const int edge = model()->contract().views.longest_edge / 2;
  const auto smaller = ModelDirectory::open(model()->path(), {.longest_edge = edge});
  EXPECT_EQ(kept_vectors(smaller, DType::kF32, {0, kPages}), vectors(smaller));
}

TEST_F(KeptPagesTest, OfAModelWithVectorsFromTheVocabularyWeightsAreKept) {
  const auto vocabulary = [&](const std::string& name, uint64_t seed) {
    fs::copy(model()->path(), path(name), fs::copy_options::recursive);
    test::add_vocabulary_pooling(path(name), seed);
    return ModelDirectory::open(path(name));
  };
  const auto one = vocabulary("one", 5), other = vocabulary("other", 6);
  EXPECT_EQ(kept_vectors(one, DType::kF32, {0, kPages}), vectors(one));
  EXPECT_EQ(kept_vectors(one, DType::kF32, {kPages, 0}), vectors(one));
  EXPECT_EQ(kept_vectors(other, DType::kF32, {0, kPages}), vectors(other)) << "another head";
  const auto last = kept_vectors(model(), DType::kF32, {0, kPages});
  EXPECT_EQ(last, vectors(model())) << "visual tokens are not weights";
  const auto half = kept_vectors(one, DType::kF16, {0, kPages});
  EXPECT_EQ(kept_vectors(one, DType::kF16, {kPages, 0}), half);
}

TEST_F(KeptPagesTest, WhatIsDamagedIsComputedAgain) {
  const auto wanted = kept_vectors(model(), DType::kF32, {0, kPages});
  for (const auto& entry : fs::recursive_directory_iterator(path("store"))) {
    if (entry.path().extension() != ".features") continue;
    std::string bytes = read_file(entry.path());
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 4);
    write_file(entry.path(), bytes);
  }
  EXPECT_EQ(kept_vectors(model(), DType::kF32, {kPages - 1, 1}), wanted);
  EXPECT_EQ(kept_vectors(model(), DType::kF32, {kPages, 0}), wanted);
}

TEST_F(KeptPagesTest, ModelsOfOneEvaluationShareThem) {
  EvaluationPlan with = plan();
  with.models.push_back({"other", changed("text_model.layers.0.input_layernorm.weight")});
  EvaluationPlan without = with;
  with.feature_store = path("store");
  testing::internal::CaptureStderr();
  const Evaluation kept(with);
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_THAT(said, HasSubstr("model: features: 0 pages from the store, 6 computed"));
  EXPECT_THAT(said, HasSubstr("other: features: 6 pages from the store, 0 computed"));
  const EvalReport& report = kept.reports().front();
  const Evaluation plain(without);
  for (const char* name : {"model", "other"}) {
    EXPECT_EQ(report.system(name).run, plain.reports().front().system(name).run) << name;
    EXPECT_EQ(report.system(name).description, plain.reports().front().system(name).description);
  }
  EXPECT_GT(report.system("model").cost.page_seconds, 0);
  EXPECT_EQ(report.system("other").cost.page_seconds, 0) << "what it takes is not known";
}

TEST_F(KeptPagesTest, RoundedFeaturesAreToldInTheDescription) {
  EvaluationPlan rounded = plan();
  rounded.feature_store = path("store");
  rounded.feature_dtype = DType::kBF16;
  const Evaluation evaluation(rounded);
  EXPECT_THAT(evaluation.reports().front().system("model").description,
              HasSubstr("page features as BF16"));
}

TEST_F(KeptPagesTest, TheCostOfSparseSystemsIsNotKnownEither) {
  test::copy_sparse_model(test::golden_models().front(), path("sparse"));
  EvaluationPlan sparse = plan();
  sparse.models = {{"model", ModelDirectory::open(path("sparse"))}};
  const Evaluation plain(sparse);
  sparse.feature_store = path("store");
  EXPECT_GT(Evaluation(sparse).reports().front().system("model-sparse").cost.page_seconds, 0);
  const Evaluation again(sparse);
  for (const char* name : {"model-sparse", "model-fused", "model-added"}) {
    const SystemResult& result = again.reports().front().system(name);
    EXPECT_EQ(result.run, plain.reports().front().system(name).run);
    EXPECT_EQ(result.cost.page_seconds, 0) << name;
  }
}

TEST_F(KeptPagesTest, WhatIsNoStoreIsRefusedBeforeAnythingIsRead) {
  EvaluationPlan bad = plan();
  bad.data = {path("no such data")};
  bad.feature_store = path("data");
  EXPECT_THAT(test::error_of([&] { const Evaluation one(bad); }, ErrorCode::kUsage),
              HasSubstr("it exists and is no feature store"));
}

}  // namespace
}  // namespace recto
