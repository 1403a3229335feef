// Inputs of which visual tokens or weights are known: the same vectors as from their pictures.
#include "engine/known_pages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <unordered_map>

#include "engine/check_input.h"
#include "engine/cpu_embedder.h"
#include "engine/embed_pipeline.h"
#include "engine/visual_encoder.h"
#include "page/encode.h"
#include "support/errors.h"
#include "support/sparse_model.h"

namespace recto {
namespace {
namespace fs = std::filesystem;
using testing::HasSubstr;

Image picture(int number) {
  Image image{90 + 10 * number, 120, {}};
  image.rgb.resize(static_cast<size_t>(image.width * image.height * 3), 250);
  for (size_t i = 0; i < image.rgb.size(); i += static_cast<size_t>(number) + 3) {
    image.rgb[i] = static_cast<uint8_t>(i % 200);
  }
  return image;
}

using Model = std::shared_ptr<const ModelDirectory>;

/// The input without its pictures.
ModelInput blind(const Model& model, ModelInput input,
                 PageConstant constant = PageConstant::kVisualTokens) {
  VisualEncoder encoder(model, 1, constant);
  const ModelInput* const inputs[] = {&input};
  give_constant(input, constant, std::move(encoder.encode(inputs)[0]));
  return input;
}

std::vector<ModelInput> some_inputs(const ModelDirectory& model) {
  std::vector<ModelInput> inputs;
  for (int i = 0; i < 3; ++i) {
    inputs.push_back(model.inputs().document(picture(i)));
    inputs.push_back(model.inputs().query("query " + std::to_string(i)));
  }
  inputs.push_back(model.inputs().document(picture(4), "with a text"));
  return inputs;
}

/// Every second picture, from the first or the second on, given by what is known of it.
std::vector<ModelInput> some_blind(const Model& model, std::vector<ModelInput> inputs,
                                   PageConstant constant, bool from_first) {
  bool every_second = !from_first;
  for (ModelInput& input : inputs) {
    if (input.images.empty()) continue;
    every_second = !every_second;
    if (every_second) input = blind(model, std::move(input), constant);
  }
  return inputs;
}

void expect_same_outputs(const fs::path& path, bool sparse,
                         PageConstant constant = PageConstant::kVisualTokens) {
  const auto model = ModelDirectory::open(path);
  const std::vector<ModelInput> inputs = some_inputs(*model);
  const auto embedder = make_cpu_embedder(model, {.threads = 2});
  for (const bool from_first : {true, false}) {
    const std::vector<ModelInput> known = some_blind(model, inputs, constant, from_first);
    ASSERT_EQ(known.front().images.empty(), from_first);
    if (!sparse) {
      EXPECT_EQ(embedder->embed(known).values, embedder->embed(inputs).values);
      continue;
    }
    std::vector<SparseVector> wanted, found;
    EXPECT_EQ(embedder->embed_both(known, found).values,
              embedder->embed_both(inputs, wanted).values);
    EXPECT_EQ(found, wanted);
  }
}

TEST(KnownPages, GiveTheVectorsOfThePictures) {
  for (const std::string& name : test::golden_models()) {
    SCOPED_TRACE(name);
    const TemporaryDirectory directory;
    const fs::path original = test::goldens() / "models" / name;
    expect_same_outputs(original, /*sparse=*/false);
    test::copy_sparse_model(name, directory.path() / "sparse");
    expect_same_outputs(directory.path() / "sparse", /*sparse=*/true);
    fs::copy(original, directory.path() / "vocabulary", fs::copy_options::recursive);
    const int tile = read_model_config(original).vision.image_size;
    test::add_vocabulary_pooling(directory.path() / "vocabulary");
    for (const int second_edge : {0, 4 * tile}) {
      if (second_edge > 0) test::add_second_edge(directory.path() / "vocabulary", second_edge);
      for (const auto constant : {PageConstant::kVisualTokens, PageConstant::kWeights}) {
        expect_same_outputs(directory.path() / "vocabulary", /*sparse=*/true, constant);
        expect_same_outputs(directory.path() / "vocabulary", /*sparse=*/false, constant);
      }
    }
  }
}

TEST(KnownPages, AreShownNoVisionTower) {
  const auto model =
      ModelDirectory::open(test::goldens() / "models" / test::golden_models().front());
  const ModelInput input = model->inputs().document(picture(1));
  const auto shown = [&](const ModelInput& of) {
    std::map<std::string, std::vector<float>> all;
    make_cpu_embedder(model, {.threads = 1})
        ->inspect(of, [&](const std::string& name, const std::vector<int64_t>&,
                          std::span<const float> values) {
          all[name].assign(values.begin(), values.end());
        });
    return all;
  };
  const auto known = shown(blind(model, input));
  EXPECT_FALSE(known.contains("vision_model.embeddings"));
  EXPECT_EQ(known.at("last_hidden_state"), shown(input).at("last_hidden_state"));
}

TEST(KnownPages, MustBeThoseOfTheIds) {
  const auto model =
      ModelDirectory::open(test::goldens() / "models" / test::golden_models().front());
  const ModelInput input = model->inputs().document(picture(1));
  const auto refused = [&](const std::function<void(ModelInput&)>& spoil) {
    ModelInput spoiled = blind(model, input);
    spoil(spoiled);
    return test::error_of([&] { check_input(spoiled, model->config()); }, ErrorCode::kBadInput);
  };
  EXPECT_THAT(refused([](ModelInput& one) { one.visual_tokens.pop_back(); }),
              HasSubstr("the prompt and the picture do not belong together"));
  EXPECT_THAT(refused([](ModelInput& one) { one.tilings = {{1, 1, 1, 1}}; }),
              HasSubstr("cut into 3 views"));
  EXPECT_THAT(refused([&](ModelInput& one) { one.images = input.images; }),
              HasSubstr("1 images and visual tokens as well"));
  EXPECT_THAT(refused([&](ModelInput& one) { one.ids = model->inputs().query("a").ids; }),
              HasSubstr("0 image tokens"));
}

TEST(KnownPageWeights, MustBeThoseOfAModelThatMakesItsVectorsOfThem) {
  const TemporaryDirectory directory;
  const fs::path path = directory.path() / "model";
  fs::copy(test::goldens() / "models" / test::golden_models().front(), path,
           fs::copy_options::recursive);
  const auto last = ModelDirectory::open(path);
  test::add_vocabulary_pooling(path);
  const auto model = ModelDirectory::open(path);
  const ModelInput page = model->inputs().document(picture(1));
  const ModelInput known = blind(model, page, PageConstant::kWeights);
  const auto refused = [&](const std::function<void(ModelInput&)>& spoil) {
    ModelInput spoiled = known;
    spoil(spoiled);
    return test::error_of([&] { check_input(spoiled, model->config()); }, ErrorCode::kBadInput);
  };
  EXPECT_THAT(refused([](ModelInput& one) { one.picture_weights.pop_back(); }),
              HasSubstr("one for each of the"));
  EXPECT_THAT(refused([&](ModelInput& one) { one.images = page.images; }),
              HasSubstr("views or visual tokens as well"));
  EXPECT_THAT(refused([&](ModelInput& one) { one.ids = model->inputs().query("a").ids; }),
              HasSubstr("no image token"));
  EXPECT_THAT(
      test::error_of([&] { make_cpu_embedder(last)->embed({&known, 1}); }, ErrorCode::kBadInput),
      HasSubstr("weights of a picture where"));
  EXPECT_THAT(
      test::error_of([&] { make_cpu_embedder(model)->inspect(known, {}); }, ErrorCode::kBadInput),
      HasSubstr("weights of a picture where"));
}

/// Knows what it is given, and what it has made.
class FakeSource : public KnownPages {
 public:
  explicit FakeSource(Model model) : encoder_(std::move(model), 1) {}

  PageConstant constant() const override { return PageConstant::kVisualTokens; }

  std::optional<KnownPage> find(const Sha256Digest& image) override {
    ++asked;
    const auto found = known.find(image);
    if (found == known.end()) return std::nullopt;
    return found->second;
  }
  std::vector<std::vector<float>> make(std::span<const Missing> pages) override {
    std::vector<std::vector<float>> all;
    for (const Missing& page : pages) {
      ++made;
      const Views& views = page.input->images.at(0);
      all.push_back(encoder_.encode({&page.input, 1})[0]);
      known[page.image] = {views, all.back()};
    }
    return all;
  }

  std::unordered_map<Sha256Digest, KnownPage, Sha256DigestHash> known;
  std::atomic<int> asked = 0;
  int made = 0;

 private:
  VisualEncoder encoder_;
};

class PipelineWithKnownPages : public testing::Test {
 protected:
  static constexpr int kPages = 5;

  void SetUp() override {
    for (int i = 0; i < kPages; ++i) files_.push_back(encode_png(picture(i)));
  }

  Matrix embed(const std::vector<EmbedItem>& items, KnownPages* source) {
    EmbedOptions options;
    options.known_pages = source;
    options.batch_tokens = 200;  // several batches
    Matrix vectors(0, model_->contract().vector_width());
    embed_all(*embedder_, items, options, [&](const EmbeddedRow& row) {
      vectors.values.insert(vectors.values.end(), row.vector.begin(), row.vector.end());
      ++vectors.rows;
    });
    return vectors;
  }

  std::vector<EmbedItem> pages() const {
    std::vector<EmbedItem> items(kPages);
    for (int i = 0; i < kPages; ++i) items[i].trusted_image = files_[i];
    return items;
  }

  Model model_ = ModelDirectory::open(test::goldens() / "models" / test::golden_models().front());
  std::unique_ptr<Embedder> embedder_ = make_cpu_embedder(model_, {.threads = 2});
  std::vector<std::string> files_;
};

TEST_F(PipelineWithKnownPages, EachPageIsMadeOnceAndTheVectorsStay) {
  const Matrix wanted = embed(pages(), nullptr);
  FakeSource source(model_);
  EXPECT_EQ(embed(pages(), &source).values, wanted.values);
  EXPECT_EQ(source.made, kPages);
  EXPECT_EQ(embed(pages(), &source).values, wanted.values);
  EXPECT_EQ(source.made, kPages);
  EXPECT_EQ(source.asked, 2 * kPages);
}

TEST_F(PipelineWithKnownPages, ThoseOfASecondEdgeAreKnownToo) {
  const TemporaryDirectory directory;
  const fs::path path = directory.path() / "model";
  fs::copy(test::goldens() / "models" / test::golden_models().front(), path,
           fs::copy_options::recursive);
  const Matrix with_one = embed(pages(), nullptr);
  test::add_second_edge(path, 4 * model_->config().vision.image_size);
  model_ = ModelDirectory::open(path);
  embedder_ = make_cpu_embedder(model_, {.threads = 2});
  const Matrix wanted = embed(pages(), nullptr);
  EXPECT_NE(wanted.values, with_one.values);
  FakeSource source(model_);
  EXPECT_EQ(embed(pages(), &source).values, wanted.values);
  EXPECT_EQ(embed(pages(), &source).values, wanted.values);
  EXPECT_EQ(source.made, kPages);
  EXPECT_GT(source.known.begin()->second.tiling.second_rows, 0);
}

TEST_F(PipelineWithKnownPages, WhatIsKnownIsNotDecoded) {
  FakeSource source(model_);
  const Matrix wanted = embed(pages(), &source);
  std::vector<EmbedItem> items(1);
  items[0].trusted_image = "no image at all";
  items[0].where = "page 7";
  EXPECT_THAT(test::error_of([&] { embed(items, &source); }, ErrorCode::kBadInput),
              HasSubstr("page 7: its image: not an image"));
  source.known[sha256_digest(as_bytes(items[0].trusted_image))] =
      source.known.at(sha256_digest(as_bytes(files_[2])));
  const Matrix found = embed(items, &source);
  EXPECT_EQ(found.values, std::vector<float>(wanted.row(2).begin(), wanted.row(2).end()));
}

TEST_F(PipelineWithKnownPages, PicturesWithWordsAreNotAskedFor) {
  std::vector<EmbedItem> items = pages();
  items[0].text = "a caption";
  items[1].query = "a question";
  const Matrix wanted = embed(items, nullptr);
  FakeSource source(model_);
  EXPECT_EQ(embed(items, &source).values, wanted.values);
  EXPECT_EQ(source.asked, kPages - 2);
}

}  // namespace
}  // namespace recto
