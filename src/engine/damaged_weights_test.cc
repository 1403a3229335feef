// A weight that is no number is an error that names it, never a vector.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/cpu_embedder.h"
#include "model/model_directory.h"
#include "support/damaged_model.h"
#include "support/errors.h"
#include "support/support.h"

namespace recto {
namespace {

std::filesystem::path any_model() {
  return test::goldens() / "models" / test::golden_models().front();
}

TEST(DamagedWeights, AreNamedByTheTowerThatReadsThem) {
  const char* const kTensors[] = {"text_model.embed_tokens.weight",
                                  "text_model.norm.weight",
                                  "text_model.layers.0.post_attention_layernorm.weight",
                                  "text_model.layers.1.self_attn.v_proj.weight",
                                  "text_model.layers.1.mlp.down_proj.weight",
                                  "vision_model.embeddings.patch_embedding.bias",
                                  "vision_model.embeddings.position_embedding.weight",
                                  "vision_model.encoder.layers.0.layer_norm1.bias",
                                  "vision_model.encoder.layers.0.mlp.fc2.weight",
                                  "connector.modality_projection.proj.weight"};
  for (const std::string name : kTensors) {
    const TemporaryDirectory directory;
    const std::filesystem::path path = directory.path() / "model";
    ASSERT_TRUE(test::copy_with_nan(any_model(), path, name)) << name;
    const auto model = ModelDirectory::open(path);
    const auto engine = make_cpu_embedder(model, {.threads = 2});
    const ModelInput query = model->inputs().query("valve");
    const ModelInput page = model->inputs().document({64, 64, std::vector<uint8_t>(64 * 64 * 3)});
    const bool text = name.starts_with("text_model");
    if (!text) {
      EXPECT_EQ(engine->embed({&query, 1}).rows, 1) << "the tower is not read";
    }
    for (int again = 0; again < 2; ++again) {
      const std::string message =
          test::error_of([&] { engine->embed({text ? &query : &page, 1}); }, ErrorCode::kBadInput);
      EXPECT_THAT(message, testing::AllOf(testing::HasSubstr(path.string()),
                                          testing::HasSubstr(name + "\" holds nan at [")));
    }
  }
}

}  // namespace
}  // namespace recto
