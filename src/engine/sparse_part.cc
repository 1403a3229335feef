#include "engine/sparse_part.h"

#include <algorithm>
#include <vector>

#include "engine/kernels.h"
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

Linear projection_of(const ModelDirectory& model) {
  const int64_t width = model.config().text.hidden_size;
  return Linear({placed({width, width}, model.sparse_head()->projection, "projection.weight")}, {});
}

Linear table_of(const ModelDirectory& model) {
  const int64_t vocabulary = model.config().text.vocab_size;
  return Linear({model.weights().placed("text_model.embed_tokens.weight")},
                {placed({vocabulary}, model.sparse_head()->bias, "bias")});
}

int64_t rows_at_once(int64_t vocabulary) {
  return std::max<int64_t>(1, kLogitsAtOnce / vocabulary);
}

}  // namespace

SparsePart::SparsePart(const ModelDirectory& model, int threads)
    : head_(*model.sparse_head()),
      output_(*model.contract().sparse),
      projection_(projection_of(model)),
      table_(table_of(model)) {
  Linear* const linears[] = {&projection_, &table_};
  packed_ = pack_linears(linears, threads);
}

SparseVector SparsePart::weigh(const float* features, int64_t tokens, Workspace& w) const {
  const int64_t width = projection_.inputs();
  const int64_t vocabulary = table_.outputs();
  const int64_t most = rows_at_once(vocabulary);
  std::vector<float> sums(static_cast<size_t>(vocabulary));
  for (int64_t first = 0; first < tokens; first += most) {
    const int64_t rows = std::min(most, tokens - first);
    float* const normed = w.normed.reserve(rows * width);
    float* const states = w.states.reserve(rows * width);
    float* const logits = w.hidden.reserve(rows * vocabulary);
    kernels().rms_norm(features + first * width, head_.norm.data(),
                       static_cast<float>(kSparseNormEpsilon), rows, width, normed);
    std::copy_n(normed, rows * width, states);
    projection_.apply(normed, rows, states, Epilogue::kAdd, w.threads, w.scratchpad);
    table_.apply(states, rows, logits, Epilogue::kStore, w.threads, w.scratchpad);
    kernels().add_softmax(logits, rows, vocabulary, sums.data());
  }
  return largest_weights(sums, output_);
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
