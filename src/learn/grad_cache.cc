#include "learn/grad_cache.h"

#include <utility>

#include "base/error.h"
#include "base/interrupt.h"

namespace recto {
namespace {

torch::Tensor index_tensor(const std::vector<size_t>& places) {
  return torch::tensor(std::vector<int64_t>(places.begin(), places.end()), torch::kInt64);
}

}  // namespace

ChunkedEncoder::ChunkedEncoder(RetrieverModel model, std::vector<Sequence> sequences, Chunks chunks,
                               bool training)
    : model_(std::move(model)),
      sequences_(std::move(sequences)),
      chunks_(std::move(chunks)),
      training_(training) {}

torch::Tensor ChunkedEncoder::forward(const std::vector<size_t>& chunk) {
  throw_if_interrupted();
  std::vector<Sequence> together;
  together.reserve(chunk.size());
  for (const size_t place : chunk) together.push_back(sequences_[place]);
  return model_->outputs(together, training_);
}

torch::Tensor ChunkedEncoder::encode() {
  if (sequences_.empty()) {
    return torch::zeros({0, model_->output_width()}, model_->device());
  }
  if (chunks_.size() == 1) {
    RECTO_CHECK(chunks_.front().size() == sequences_.size());
    graph_ = forward(chunks_.front());
    return graph_.detach().requires_grad_();
  }
  const torch::NoGradGuard no_grad;
  std::vector<torch::Tensor> vectors;
  std::vector<size_t> row(sequences_.size());
  size_t next = 0;
  for (const std::vector<size_t>& chunk : chunks_) {
    vectors.push_back(forward(chunk));
    for (const size_t place : chunk) row[place] = next++;
  }
  const torch::Tensor all = torch::cat(vectors, 0);
  return all.index_select(0, index_tensor(row).to(all.device())).requires_grad_();
}

void ChunkedEncoder::backward(const torch::Tensor& gradient) {
  if (sequences_.empty()) return;
  if (graph_.defined()) {
    graph_.backward(gradient);
    return;
  }
  for (const std::vector<size_t>& chunk : chunks_) {
    const torch::Tensor vectors = forward(chunk);
    if (!vectors.requires_grad()) continue;  // nothing that is trained made them
    vectors.backward(gradient.index_select(0, index_tensor(chunk).to(gradient.device())));
  }
}

}  // namespace recto
