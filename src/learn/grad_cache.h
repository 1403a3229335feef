#pragma once
// A batch larger than memory: vectors of all inputs first, gradients chunk by chunk after.
// [Gao et al. 2021, "Scaling Deep Contrastive Learning Batch Size under Memory Limited Setup"]

#include <vector>

#include "learn/chunk_plan.h"
#include "learn/retriever_model.h"
#include "learn/torch.h"

namespace recto {

/// Encodes the inputs of one step. The loss and the gradients do not depend on how the inputs are
/// cut into chunks: dropout masks hang on the inputs, not on the chunk.
class ChunkedEncoder {
 public:
  /// Sequences are borrowed.
  ChunkedEncoder(RetrieverModel model, std::vector<Sequence> sequences, Chunks chunks,
                 bool training);

  /// RetrieverModel::outputs() [sequences, output_width], a leaf that requires a gradient (without
  /// sequences none). With one chunk the graph is kept for backward(); with several they are
  /// computed without one. Throws Error(kInterrupted) between chunks.
  torch::Tensor encode();
  /// Adds the gradients of the parameters, given that of the vectors. Call once after encode().
  void backward(const torch::Tensor& gradient);

 private:
  torch::Tensor forward(const std::vector<size_t>& chunk);

  RetrieverModel model_;
  std::vector<Sequence> sequences_;
  Chunks chunks_;
  bool training_;
  torch::Tensor graph_;
};

}  // namespace recto
