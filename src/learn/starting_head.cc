#include "learn/starting_head.h"

#include <cmath>

#include "base/random.h"

namespace recto {
namespace {

constexpr uint64_t kDenseStream = 0x64656e7365;  // "dense"

}  // namespace

StartingHead starting_head(const ModelDirectory& model, const Contract& contract, uint64_t seed) {
  StartingHead start;
  start.head = model.sparse_head().value_or(plain_sparse_head(model.config()));
  if (contract.pooling != Pooling::kVocabulary || start.head.dense_width() > 0) return start;
  const auto width = static_cast<size_t>(contract.vector_width());
  start.dense_is_fresh = true;
  start.head.dense = fresh_dense(model.config().text.vocab_size, contract.vector_width(), seed);
  start.head.page_bias.assign(width, 0);
  start.head.text_bias.assign(width, 0);
  return start;
}

std::vector<float> fresh_dense(int64_t vocabulary, int64_t width, uint64_t seed) {
  std::vector<float> values(static_cast<size_t>(vocabulary * width));
  Random random(seed, kDenseStream);
  const double deviation = 1 / std::sqrt(static_cast<double>(width));
  for (float& value : values) value = static_cast<float>(deviation * random.normal());
  return values;
}

}  // namespace recto
