#include "learn/grad_cache.h"

#include <algorithm>

#include "base/interrupt.h"

namespace recto {
namespace {

void cut(size_t items, size_t at_once, std::vector<size_t>& chunks) {
  for (; items > 0; items -= chunks.back()) chunks.push_back(std::min(items, at_once));
}

}  // namespace

ChunkedEncoder::ChunkedEncoder(RetrieverModel model, std::vector<Sequence> sequences,
                               std::vector<size_t> chunks, bool training)
    : model_(std::move(model)),
      sequences_(std::move(sequences)),
      chunks_(std::move(chunks)),
      training_(training) {}

torch::Tensor ChunkedEncoder::forward(size_t first, size_t count) {
  throw_if_interrupted();
  return model_->forward(std::span(sequences_).subspan(first, count), training_);
}

torch::Tensor ChunkedEncoder::encode() {
  if (chunks_.size() == 1) {
    graph_ = forward(0, sequences_.size());
    return graph_.detach().requires_grad_();
  }
  const torch::NoGradGuard no_grad;
  std::vector<torch::Tensor> vectors;
  size_t first = 0;
  for (const size_t count : chunks_) {
    vectors.push_back(forward(first, count));
    first += count;
  }
  return torch::cat(vectors, 0).requires_grad_();
}

void ChunkedEncoder::backward(const torch::Tensor& gradient) {
  if (graph_.defined()) {
    graph_.backward(gradient);
    return;
  }
  size_t first = 0;
  for (const size_t count : chunks_) {
    forward(first, count)
        .backward(gradient.narrow(0, static_cast<int64_t>(first), static_cast<int64_t>(count)));
    first += count;
  }
}

std::vector<size_t> chunk_sizes(size_t queries, size_t pages, size_t pages_at_once) {
  if (pages <= pages_at_once && queries <= pages_at_once * kQueriesPerPage) {
    return {queries + pages};
  }
  std::vector<size_t> chunks;
  cut(queries, pages_at_once * kQueriesPerPage, chunks);
  cut(pages, pages_at_once, chunks);
  return chunks;
}

}  // namespace recto
