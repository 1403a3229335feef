#include "model/sparse_head.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <map>

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

constexpr int kWidth = 6;

/// The head with a dense part of random values that bf16 has.
SparseHead with_dense(SparseHead head, const ModelConfig& config) {
  Random random(7);
  const auto fill = [&](std::vector<float>& values, size_t count) {
    values.resize(count);
    for (float& value : values) {
      value = bf16_to_float(float_to_bf16(static_cast<float>(random.normal())));
    }
  };
  fill(head.dense, static_cast<size_t>(config.text.vocab_size) * kWidth);
  fill(head.page_bias, kWidth);
  fill(head.text_bias, kWidth);
  return head;
}

/// A model with a sparse output whose vectors come from the vocabulary.
fs::path vocabulary_model(const std::string& name) {
  const fs::path path = sparse_model(name);
  const auto model = ModelDirectory::open(path);
  write_sparse_head(with_dense(*model->sparse_head(), model->config()), model->config(), path);
  Contract contract = model->contract();
  contract.pooling = Pooling::kVocabulary;
  contract.dimensions = {kWidth, 2};
  write_contract(path, contract);
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
      {"more",
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

TEST(SparseHead, WhatMakesVectorsFromTheVocabularyIsReadAsItWasWritten) {
  const auto plain = ModelDirectory::open(sparse_model("without"));
  const fs::path path = vocabulary_model("dense");
  const auto model = ModelDirectory::open(path, {}, {}, /*verify_weights=*/true);
  EXPECT_EQ(plain->sparse_head()->dense_width(), 0);
  EXPECT_EQ(model->sparse_head()->dense_width(), kWidth);
  EXPECT_EQ(*model->sparse_head(), with_dense(*plain->sparse_head(), model->config()));
  const SafetensorsFile file(path / kSparseHeadFile);
  EXPECT_EQ(file.at("dense.weight").dtype, DType::kBF16);
  EXPECT_EQ(file.at("dense.page_bias").dtype, DType::kF32);
  // It goes with a model that is written, its numbers are in the hash.
  const fs::path copy = scratch().path() / "dense-copy";
  write_model_directory(*model, model->weights(), std::nullopt, model->contract(), copy);
  EXPECT_EQ(ModelDirectory::open(copy)->contract().hash(), model->contract().hash());
  const std::string hash = sparse_head_sha256(*model->sparse_head(), model->config());
  EXPECT_NE(hash, plain->contract().sparse->weights_sha256);
  for (auto values : {&SparseHead::dense, &SparseHead::page_bias, &SparseHead::text_bias}) {
    SparseHead other = *model->sparse_head();
    (other.*values)[1] += 1;
    EXPECT_NE(sparse_head_sha256(other, model->config()), hash);
  }
}

TEST(SparseHead, ADamagedTensorOfTheDensePartIsNamed) {
  const fs::path path = vocabulary_model("spoilt-dense");
  const auto model = ModelDirectory::open(path);
  const ModelConfig& config = model->config();
  const SparseHead head = *model->sparse_head();
  const int64_t hidden = config.text.hidden_size, vocabulary = config.text.vocab_size;
  struct Tensor {
    const std::vector<float>* values;
    std::vector<int64_t> shape;
    DType dtype = DType::kF32;
  };
  using Tensors = std::map<std::string, Tensor>;
  const Tensors good = {{"bias", {&head.bias, {vocabulary}}},
                        {"dense.page_bias", {&head.page_bias, {kWidth}}},
                        {"dense.text_bias", {&head.text_bias, {kWidth}}},
                        {"dense.weight", {&head.dense, {vocabulary, kWidth}, DType::kBF16}},
                        {"norm.weight", {&head.norm, {hidden}}},
                        {"projection.weight", {&head.projection, {hidden, hidden}}}};
  const auto write = [&](const Tensors& tensors) {
    SafetensorsWriter writer;
    for (const auto& [name, tensor] : tensors) {
      writer.add(name, tensor.dtype, tensor.shape,
                 [&one = tensor](auto bytes) { from_float(*one.values, one.dtype, bytes); });
    }
    writer.write(path / kSparseHeadFile);
  };
  write(good);
  EXPECT_EQ(read_sparse_head(path, config), head);
  std::vector<float> not_finite = head.dense;
  not_finite[3] = std::nanf("");
  struct Case {
    const char* tensor;
    std::function<void(Tensors&)> spoil;
    ErrorCode code = ErrorCode::kBadInput;
  };
  const std::vector<Case> cases = {
      {"dense.weight", [](Tensors& all) { all.erase("dense.weight"); }, ErrorCode::kNotFound},
      {"dense.page_bias", [](Tensors& all) { all.erase("dense.page_bias"); }, ErrorCode::kNotFound},
      {"dense.text_bias", [](Tensors& all) { all.erase("dense.text_bias"); }, ErrorCode::kNotFound},
      {"dense.more", [](Tensors& all) { all["dense.more"] = all["dense.page_bias"]; }},
      {"dense.weight", [](Tensors& all) { all["dense.weight"].dtype = DType::kF32; }},
      {"dense.text_bias", [](Tensors& all) { all["dense.text_bias"].dtype = DType::kBF16; }},
      {"dense.weight", [&](Tensors& all) { all["dense.weight"].shape = {kWidth, vocabulary}; }},
      {"dense.page_bias", [](Tensors& all) { all["dense.page_bias"].shape = {1, kWidth}; }},
      {"dense.text_bias", [](Tensors& all) { all["dense.text_bias"].shape = {2, kWidth / 2}; }},
      {"dense.weight", [&](Tensors& all) { all["dense.weight"].values = &not_finite; }},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.tensor);
    Tensors tensors = good;
    one.spoil(tensors);
    write(tensors);
    const std::string message = error_of([&] { read_sparse_head(path, config); }, one.code);
    EXPECT_THAT(message, HasSubstr(kSparseHeadFile));
    EXPECT_THAT(message, HasSubstr(fmt::format("tensor \"{}\"", one.tensor)));
  }
}

TEST(SparseHead, AContractThatDoesNotFitTheModelIsRefused) {
  const fs::path path = vocabulary_model("large");
  const Contract good = ModelDirectory::open(path)->contract();
  struct Case {
    const char* message;
    std::function<void(Contract&)> spoil;
  };
  const std::vector<Case> cases = {
      {"top_n is 1048576", [](Contract& contract) { contract.sparse->top_n = 1 << 20; }},
      {"candidates is 1048576", [](Contract& contract) { contract.sparse->candidates = 1 << 20; }},
      {"dimensions begins with 7", [](Contract& contract) { contract.dimensions = {7, 2}; }},
      {"dimensions begins with 2", [](Contract& contract) { contract.dimensions = {2}; }},
      {"dimensions begins with 6", [](Contract& contract) { contract.pooling = Pooling::kMean; }},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.message);
    Contract contract = good;
    one.spoil(contract);
    const auto refuses = [&](const std::function<void()>& action) {
      EXPECT_THAT(error_of(action, ErrorCode::kMismatch), HasSubstr(one.message));
    };
    refuses([&] { write_contract(path, contract); });
    write_file(path / "retriever.json", dump_json(contract.to_json()));
    refuses([&] { ModelDirectory::open(path); });
  }
  // A head that makes no dense vectors.
  write_contract(path, good);
  write_sparse_head(plain_sparse_head(read_model_config(path)), read_model_config(path), path);
  EXPECT_THAT(error_of([&] { ModelDirectory::open(path); }, ErrorCode::kMismatch),
              HasSubstr("vectors of 0 dimensions"));
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

TEST(SparseText, OfAPassageItHasTheGainOfThePages) {
  const Tokenizer tokenizer = Tokenizer::parse(test::golden_tokenizer_json("smollm2"), "smollm2");
  const std::string text = "the page the";
  const SparseVector plain = sparse_text(tokenizer, text);
  EXPECT_EQ(sparse_text(tokenizer, text, 1), plain);
  for (const int gain : {2, 16, 1024}) {
    const SparseVector found = sparse_text(tokenizer, text, gain);
    ASSERT_EQ(found.ids, plain.ids);
    for (size_t i = 0; i < found.ids.size(); ++i) {
      EXPECT_FLOAT_EQ(found.weights[i], std::log1p(gain * std::expm1(plain.weights[i])));
    }
  }
}

}  // namespace
}  // namespace recto
