// The sparse output of the engine beside the formula of model/sparse_head.h in double precision.
#include "engine/sparse_part.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "engine/cpu_embedder.h"
#include "engine/embed_pipeline.h"
#include "engine/visual_encoder.h"
#include "model/sparse_text.h"
#include "page/encode.h"
#include "support/errors.h"
#include "support/sparse_model.h"

namespace recto {
namespace {
namespace fs = std::filesystem;

constexpr int kTopN = 24;

Image striped(int width, int height, int step) {
  Image image{width, height, std::vector<uint8_t>(static_cast<size_t>(width * height * 3), 250)};
  for (size_t i = 0; i < image.rgb.size(); ++i) {
    if (i / static_cast<size_t>(step) % 3 == 0) image.rgb[i] = static_cast<uint8_t>(i % 200);
  }
  return image;
}

struct SparseModel {
  TemporaryDirectory directory;
  std::shared_ptr<const ModelDirectory> model;

  struct FromVocabulary {};

  SparseModel(const std::string& name, FromVocabulary) {
    const fs::path path = directory.path() / "model";
    fs::copy(test::goldens() / "models" / name, path, fs::copy_options::recursive);
    test::add_vocabulary_pooling(path);
    model = ModelDirectory::open(path);
  }

  explicit SparseModel(const std::string& name, int top_n = kTopN) {
    const fs::path path = directory.path() / "model";
    test::copy_sparse_model(name, path, top_n);
    model = ModelDirectory::open(path);
  }

  void add_second_edge() {
    const fs::path path = directory.path() / "model";
    test::add_second_edge(path, 4 * model->config().vision.image_size);
    model = ModelDirectory::open(path);
  }
};

/// Shares of the tokens of the vocabulary in the visual token `v`, or 0 for those that are none of
/// its candidates.
std::vector<double> shares_of(const ModelDirectory& model, const float* v) {
  const size_t width = static_cast<size_t>(model.config().text.hidden_size);
  const size_t vocabulary = static_cast<size_t>(model.config().text.vocab_size);
  const SparseHead& head = *model.sparse_head();
  const std::vector<float> table = to_float(model.weights().at("text_model.embed_tokens.weight"));
  double square = 0;
  for (size_t i = 0; i < width; ++i) square += double{v[i]} * v[i];
  const double factor = 1 / std::sqrt(square / static_cast<double>(width) + 1e-5);
  std::vector<double> h(width), state(width), logits(vocabulary);
  for (size_t i = 0; i < width; ++i) h[i] = v[i] * factor * head.norm[i];
  for (size_t o = 0; o < width; ++o) {
    state[o] = h[o];
    for (size_t i = 0; i < width; ++i) state[o] += head.projection[o * width + i] * h[i];
  }
  double total = 0;
  for (size_t t = 0; t < vocabulary; ++t) {
    logits[t] = head.bias[t];
    for (size_t i = 0; i < width; ++i) logits[t] += table[t * width + i] * state[i];
    total += std::exp(logits[t]);
  }
  const SparseOutput& output = *model.contract().sparse;
  std::vector<double> sorted = logits;
  std::sort(sorted.begin(), sorted.end(), std::greater<>());
  const double least =
      output.candidates == 0 ? sorted.back() : sorted[static_cast<size_t>(output.candidates) - 1];
  for (double& logit : logits) logit = logit >= least ? std::exp(logit) / total : 0;
  return logits;
}

/// Weights of every token of the vocabulary, of a page that is cut so.
std::vector<double> reference(const ModelDirectory& model, const Tiling& tiling,
                              const std::vector<float>& features) {
  const size_t width = static_cast<size_t>(model.config().text.hidden_size);
  const int views = tiling.rows * tiling.columns + tiling.second_rows * tiling.second_columns + 1;
  const size_t per_view = features.size() / width / static_cast<size_t>(views);
  const size_t vocabulary = static_cast<size_t>(model.config().text.vocab_size);
  std::vector<double> first(vocabulary), second(vocabulary);
  for (size_t token = 0; token * width < features.size(); ++token) {
    const auto view = static_cast<int>(token / per_view);
    const bool of_first = view < tiling.rows * tiling.columns || view == views - 1;
    std::vector<double>& sums = of_first ? first : second;
    const std::vector<double> shares = shares_of(model, features.data() + token * width);
    for (size_t t = 0; t < vocabulary; ++t) sums[t] += shares[t];
  }
  const int scale = model.contract().sparse->gain * model.contract().sparse->saturation;
  for (size_t t = 0; t < vocabulary; ++t) {
    first[t] = std::log1p(scale * first[t]);
    if (tiling.second_rows > 0) first[t] = (first[t] + std::log1p(scale * second[t])) / 2;
  }
  return first;
}

/// The sparse output of a page is that of the formula, of which the largest are kept.
void expect_formula(const SparseModel& sparse) {
  const ModelInput input = sparse.model->inputs().document(striped(300, 200, 40));
  const ModelInput* const inputs[] = {&input};
  VisualEncoder encoder(sparse.model, 1);
  const std::vector<double> wanted =
      reference(*sparse.model, input.images[0], encoder.encode(inputs)[0]);
  std::vector<SparseVector> found;
  make_cpu_embedder(sparse.model, {.threads = 1})->embed_both({&input, 1}, found);
  ASSERT_EQ(found.size(), 1u);
  ASSERT_EQ(found[0].ids.size(), static_cast<size_t>(kTopN));
  EXPECT_TRUE(std::is_sorted(found[0].ids.begin(), found[0].ids.end()));
  double least = 1e9;
  for (size_t i = 0; i < found[0].ids.size(); ++i) {
    const double value = wanted[static_cast<size_t>(found[0].ids[i])];
    EXPECT_NEAR(found[0].weights[i], value, 1e-5) << found[0].ids[i];
    least = std::min(least, value);
  }
  const auto larger = std::count_if(wanted.begin(), wanted.end(),
                                    [&](double value) { return value > least + 1e-5; });
  EXPECT_LT(larger, kTopN);
}

TEST(SparsePart, MatchesItsFormulaAndKeepsTheLargest) {
  for (const std::string& name : test::golden_models()) {
    SCOPED_TRACE(name);
    SparseModel sparse(name);
    expect_formula(sparse);
    sparse.add_second_edge();
    expect_formula(sparse);
  }
}

TEST(SparsePart, TheDenseVectorIsTheSameAndNeitherDependsOnTheOthersNorOnThreads) {
  const SparseModel sparse(test::golden_models().front());
  std::vector<ModelInput> inputs;
  for (int i = 1; i < 5; ++i) {
    inputs.push_back(sparse.model->inputs().document(striped(60 * i, 400 / i, 30 + i)));
    inputs.push_back(sparse.model->inputs().query("query " + std::to_string(i)));
  }
  const auto alone = make_cpu_embedder(sparse.model, {.threads = 1, .batch_tokens = 1});
  const auto together = make_cpu_embedder(sparse.model, {.threads = 2});
  std::vector<SparseVector> one, all;
  const Matrix vectors = alone->embed_both(inputs, one);
  EXPECT_EQ(vectors.values, alone->embed(inputs).values);
  together->embed_both(inputs, all);
  ASSERT_EQ(all.size(), inputs.size());
  for (size_t i = 0; i < inputs.size(); ++i) {
    EXPECT_EQ(all[i].ids.empty(), inputs[i].images.empty());
    EXPECT_EQ(all[i].ids, one[i].ids);
    for (size_t k = 0; k < all[i].weights.size(); ++k) {
      EXPECT_NEAR(all[i].weights[k], one[i].weights[k], 1e-6);
    }
  }
}

/// The vector of all weights, pages' and texts' together, in double precision.
std::vector<double> reference_vector(const ModelDirectory& model, const ModelInput& input,
                                     const std::vector<float>& features) {
  const SparseHead& head = *model.sparse_head();
  std::vector<double> weights(head.bias.size());
  if (!features.empty()) weights = reference(model, input.images[0], features);
  for (size_t i = 0; i < input.words.ids.size(); ++i) {
    weights[static_cast<size_t>(input.words.ids[i])] += input.words.weights[i];
  }
  const size_t width = head.page_bias.size();
  std::vector<double> vector(width);
  double square = 0;
  for (size_t d = 0; d < width; ++d) {
    vector[d] = features.empty() ? head.text_bias[d] : head.page_bias[d];
    for (size_t t = 0; t < weights.size(); ++t) vector[d] += weights[t] * head.dense[t * width + d];
    square += vector[d] * vector[d];
  }
  for (double& value : vector) value /= std::sqrt(square);
  return vector;
}

void expect_vectors_of_the_formula(const SparseModel& sparse) {
  const InputBuilder& builder = sparse.model->inputs();
  const std::vector<ModelInput> inputs = {
      builder.document(striped(300, 200, 40)), builder.query("a page of the book book"),
      builder.document(striped(90, 60, 7), "its words"), builder.passage("the book, the book"),
      builder.query("which book?", striped(70, 90, 5))};
  VisualEncoder encoder(sparse.model, 1);
  const auto embedder = make_cpu_embedder(sparse.model, {.threads = 2});
  std::vector<SparseVector> weights;
  const Matrix found = embedder->embed_both(inputs, weights);
  EXPECT_EQ(found.values, embedder->embed(inputs).values);
  ASSERT_EQ(found.columns, 24);
  for (size_t i = 0; i < inputs.size(); ++i) {
    const ModelInput* const one[] = {&inputs[i]};
    const bool pictures = !inputs[i].images.empty();
    const std::vector<float> features = pictures ? encoder.encode(one)[0] : std::vector<float>();
    const std::vector<double> wanted = reference_vector(*sparse.model, inputs[i], features);
    for (size_t d = 0; d < wanted.size(); ++d) {
      EXPECT_NEAR(found.row(static_cast<int64_t>(i))[d], wanted[d], 1e-5) << i;
    }
    EXPECT_EQ(weights[i].ids.size(), pictures ? 16u : 0u) << "the sparse output keeps top_n";
  }
}

TEST(SparsePart, VectorsFromTheVocabularyAreThoseOfTheFormula) {
  for (const std::string& name : test::golden_models()) {
    SCOPED_TRACE(name);
    SparseModel sparse(name, SparseModel::FromVocabulary{});
    expect_vectors_of_the_formula(sparse);
    sparse.add_second_edge();
    expect_vectors_of_the_formula(sparse);
  }
}

TEST(SparsePart, AModelWithoutIsRefused) {
  const auto model =
      ModelDirectory::open(test::goldens() / "models" / test::golden_models().front());
  std::vector<SparseVector> sparse;
  EXPECT_THAT(test::error_of([&] { make_cpu_embedder(model)->embed_both({}, sparse); },
                             ErrorCode::kUnsupported),
              ::testing::HasSubstr("no sparse output"));
}

TEST(SparsePart, ThePipelineGivesTextsTheirOwn) {
  const SparseModel sparse(test::golden_models().front());
  const auto embedder = make_cpu_embedder(sparse.model, {.threads = 1});
  std::vector<EmbedItem> items(3);
  items[0].query = "a page of the book";
  items[1].passage = "the book of pages";
  items[2].trusted_image = encode_png(striped(100, 80, 9));
  std::vector<SparseVector> found;
  embed_all(*embedder, items, {.sparse = true},
            [&](const EmbeddedRow& row) { found.push_back(*row.sparse); });
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0], sparse_text(sparse.model->tokenizer(), *items[0].query));
  EXPECT_EQ(found[1], sparse_text(sparse.model->tokenizer(), *items[1].passage));
  EXPECT_EQ(found[2].ids.size(), static_cast<size_t>(kTopN));
  embed_all(*embedder, items, {}, [&](const EmbeddedRow& row) { EXPECT_EQ(row.sparse, nullptr); });
}

}  // namespace
}  // namespace recto
