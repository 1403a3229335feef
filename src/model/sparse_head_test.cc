#include "model/sparse_head.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "model/safetensors.h"
#include "model/sparse_text.h"
#include "support/errors.h"
#include "support/golden_tokenizers.h"
#include "support/sparse_model.h"

namespace recto {
namespace {
namespace fs = std::filesystem;
using test::error_of;
using ::testing::HasSubstr;

const TemporaryDirectory& scratch() {
  static const TemporaryDirectory directory;
  return directory;
}

fs::path sparse_model(const std::string& name) {
  const fs::path path = scratch().path() / name;
  test::copy_sparse_model(test::golden_models().front(), path);
  return path;
}

TEST(SparseHead, StandsBesideTheWeightsAndInTheContract) {
  const fs::path path = sparse_model("whole");
  const auto model = ModelDirectory::open(path, {}, {}, /*verify_weights=*/true);
  ASSERT_TRUE(model->sparse_head().has_value());
  EXPECT_EQ(*model->sparse_head(), test::random_sparse_head(model->config(), 5));
  ASSERT_TRUE(model->contract().sparse.has_value());
  EXPECT_EQ(model->contract().sparse->top_n, 16);
  EXPECT_EQ(model->contract().sparse->weights_sha256,
            sparse_head_sha256(*model->sparse_head(), model->config()));
  // The hash of the model's own weights does not depend on it.
  const auto plain =
      ModelDirectory::open(test::goldens() / "models" / test::golden_models().front());
  EXPECT_EQ(model->contract().weights_sha256, plain->contract().weights_sha256);
  EXPECT_FALSE(plain->sparse_head().has_value());
}

TEST(SparseHead, GoesWithAModelThatIsWritten) {
  const auto model = ModelDirectory::open(sparse_model("from"));
  const fs::path to = scratch().path() / "to";
  write_model_directory(*model, model->weights(), std::nullopt, model->contract(), to);
  EXPECT_EQ(ModelDirectory::open(to)->contract().hash(), model->contract().hash());
  Contract without = model->contract();
  without.sparse.reset();
  const fs::path bare = scratch().path() / "bare";
  write_model_directory(*model, model->weights(), std::nullopt, without, bare);
  EXPECT_FALSE(fs::exists(bare / kSparseHeadFile));
  EXPECT_FALSE(ModelDirectory::open(bare)->sparse_head().has_value());
}

TEST(SparseHead, ADamagedOneIsNamed) {
  const fs::path path = sparse_model("spoilt");
  const auto model = ModelDirectory::open(path);
  const ModelConfig& config = model->config();
  const SparseHead good = *model->sparse_head();
  struct Case {
    const char* word;
    std::function<void()> spoil;
    ErrorCode code = ErrorCode::kBadInput;
  };
  const auto write = [&](const std::function<void(SafetensorsWriter&)>& add) {
    SafetensorsWriter writer;
    add(writer);
    writer.write(path / kSparseHeadFile);
  };
  const std::vector<Case> cases = {
      {"another head", [&] { write_sparse_head(plain_sparse_head(config), config, path); },
       ErrorCode::kMismatch},
      {"norm.weight",
       [&] {
         SparseHead head = good;
         head.norm[1] = std::nanf("");
         write_sparse_head(head, config, path);
       }},
      {"bias",
       [&] { write([](SafetensorsWriter& w) { w.add("bias", {2}, std::vector<float>(2)); }); }},
      {"tensors",
       [&] {
         write([&](SafetensorsWriter& w) {
           const int64_t hidden = config.text.hidden_size;
           w.add("bias", {config.text.vocab_size}, good.bias);
           w.add("norm.weight", {hidden}, good.norm);
           w.add("projection.weight", {hidden, hidden}, good.projection);
           w.add("more", {hidden}, good.norm);
         });
       }},
      {kSparseHeadFile, [&] { fs::remove(path / kSparseHeadFile); }, ErrorCode::kNotFound},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.word);
    one.spoil();
    const std::string message = error_of([&] { ModelDirectory::open(path); }, one.code);
    EXPECT_THAT(message, HasSubstr(kSparseHeadFile));
    if (one.code == ErrorCode::kBadInput) {
      EXPECT_THAT(message, HasSubstr(one.word));
    }
  }
}

TEST(SparseHead, ATopNBeyondTheVocabularyIsRefused) {
  const fs::path path = sparse_model("large");
  Contract contract = ModelDirectory::open(path)->contract();
  contract.sparse->top_n = 1 << 20;
  write_file(path / "retriever.json", dump_json(contract.to_json()));
  EXPECT_THAT(error_of([&] { ModelDirectory::open(path); }, ErrorCode::kMismatch),
              HasSubstr("top_n"));
}

TEST(SparseText, CountsTokensOfWordsAsTheyStandOnPages) {
  const Tokenizer tokenizer = Tokenizer::parse(test::golden_tokenizer_json("smollm2"), "smollm2");
  const SparseVector text = sparse_text(tokenizer, "  the page\tthe\n<image> ");
  ASSERT_EQ(text.ids.size(), text.weights.size());
  EXPECT_TRUE(std::is_sorted(text.ids.begin(), text.ids.end()));
  const auto weight = [&](const char* token) {
    const auto id = tokenizer.find(token);
    const auto found = std::find(text.ids.begin(), text.ids.end(), id.value_or(-1));
    return found == text.ids.end() ? 0.0f : text.weights[found - text.ids.begin()];
  };
  EXPECT_FLOAT_EQ(weight("\u0120the"), std::log(3.0f));
  EXPECT_FLOAT_EQ(weight("\u0120page"), std::log(2.0f));
  EXPECT_EQ(weight("<image>"), 0) << "a text spells no special token";
  EXPECT_EQ(sparse_text(tokenizer, " \n\t"), SparseVector());
  EXPECT_EQ(sparse_text(tokenizer, "the page the"), sparse_text(tokenizer, "the the page"));
}

}  // namespace
}  // namespace recto
