#include "engine/sparse_part.h"

#include <algorithm>
#include <numeric>

#include "engine/kernels.h"
#include "engine/memory_plan.h"
#include "model/embedder.h"

namespace recto {
namespace {

// Logits are made for so many visual tokens at a time that they stay near the core.
constexpr int64_t kLogitsAtOnce = int64_t{1} << 20;

PlacedTensor placed(std::vector<int64_t> shape, const std::vector<float>& values,
                    const char* name) {
  return {{DType::kF32, std::move(shape), std::as_bytes(std::span<const float>(values))},
          fmt::format("{}: tensor \"{}\"", kSparseHeadFile, name)};
}

Linear projection_of(const ModelDirectory& model, const SparseHead& head) {
  const int64_t width = model.config().text.hidden_size;
  return Linear({placed({width, width}, head.projection, "projection.weight")}, {});
}

Linear table_of(const ModelDirectory& model, const SparseHead& head) {
  const int64_t vocabulary = model.config().text.vocab_size;
  return Linear({model.weights().placed("text_model.embed_tokens.weight")},
                {placed({vocabulary}, head.bias, "bias")});
}

int64_t rows_at_once(int64_t vocabulary) {
  return std::max<int64_t>(1, kLogitsAtOnce / vocabulary);
}

/// Adds the softmax of each row of `logits` to `sums`, of each the `most` largest alone.
void add_candidates(float* logits, int64_t rows, int64_t vocabulary, int most,
                    std::vector<float>& sums) {
  std::vector<float> shares(static_cast<size_t>(vocabulary));
  std::vector<int32_t> order(shares.size());
  for (int64_t row = 0; row < rows; ++row) {
    std::fill(shares.begin(), shares.end(), 0.0F);
    kernels().add_softmax(logits + row * vocabulary, 1, vocabulary, shares.data());
    std::iota(order.begin(), order.end(), 0);
    std::nth_element(order.begin(), order.begin() + most, order.end(), [&](int32_t a, int32_t b) {
      const float of_a = shares[static_cast<size_t>(a)], of_b = shares[static_cast<size_t>(b)];
      return of_a != of_b ? of_a > of_b : a < b;
    });
    for (int i = 0; i < most; ++i) {
      const auto token = static_cast<size_t>(order[static_cast<size_t>(i)]);
      sums[token] += shares[token];
    }
  }
}

}  // namespace

SparsePart::SparsePart(const ModelDirectory& model, const SparseHead& head,
                       const SparseOutput& output, int threads)
    : norm_(head.norm),
      output_(output),
      projection_(projection_of(model, head)),
      table_(table_of(model, head)) {
  Linear* const linears[] = {&projection_, &table_};
  packed_ = pack_linears(linears, threads);
}

std::vector<float> SparsePart::weights(const float* features,
                                       std::span<const std::vector<TokenRun>> edges,
                                       Workspace& workspace) const {
  std::vector<std::vector<float>> sums;
  for (const std::vector<TokenRun>& runs : edges) {
    std::vector<float>& own = sums.emplace_back(static_cast<size_t>(table_.outputs()));
    for (const TokenRun& run : runs) {
      add(features + run.first * projection_.inputs(), run.count, workspace, own);
    }
  }
  return token_weights(sums, output_);
}

void SparsePart::add(const float* features, int64_t tokens, Workspace& w,
                     std::vector<float>& sums) const {
  const int64_t width = projection_.inputs();
  const int64_t vocabulary = table_.outputs();
  const int64_t most = rows_at_once(vocabulary);
  for (int64_t first = 0; first < tokens; first += most) {
    const int64_t rows = std::min(most, tokens - first);
    float* const normed = w.normed.reserve(rows * width);
    float* const states = w.states.reserve(rows * width);
    float* const logits = w.hidden.reserve(rows * vocabulary);
    kernels().rms_norm(features + first * width, norm_.data(),
                       static_cast<float>(kSparseNormEpsilon), rows, width, normed);
    std::copy_n(normed, rows * width, states);
    projection_.apply(normed, rows, states, Epilogue::kAdd, w.threads, w.scratchpad);
    table_.apply(states, rows, logits, Epilogue::kStore, w.threads, w.scratchpad);
    if (output_.candidates == 0 || output_.candidates >= vocabulary) {
      kernels().add_softmax(logits, rows, vocabulary, sums.data());
    } else {
      add_candidates(logits, rows, vocabulary, output_.candidates, sums);
    }
  }
}

uint64_t sparse_bytes(const ModelConfig& config, int threads) {
  const int64_t width = config.text.hidden_size;
  const int64_t vocabulary = config.text.vocab_size;
  const int64_t rows = rows_at_once(vocabulary);
  const int64_t packed = (vocabulary + width) * width;
  return sizeof(float) *
         static_cast<uint64_t>(packed + threads * (rows * (vocabulary + 2 * width) + vocabulary));
}

}  // namespace recto
