#pragma once
// A batch larger than memory: vectors of all inputs first, gradients chunk by chunk after.
// [Gao et al. 2021, "Scaling Deep Contrastive Learning Batch Size under Memory Limited Setup"]

#include <vector>

#include "learn/retriever_model.h"
#include "learn/torch.h"

namespace recto {

/// Encodes the inputs of one step. The loss and the gradients do not depend on how the inputs are
/// cut into chunks: dropout masks hang on the inputs, not on the chunk.
class ChunkedEncoder {
 public:
  /// `chunks` partitions the sequences, in order, by their number. Sequences are borrowed.
  ChunkedEncoder(RetrieverModel model, std::vector<Sequence> sequences, std::vector<size_t> chunks,
                 bool training);

  /// Vectors [sequences, hidden], a leaf that requires a gradient. With one chunk the graph is kept
  /// for backward(); with several they are computed without one. Throws Error(kInterrupted)
  /// between chunks.
  torch::Tensor encode();
  /// Adds the gradients of the parameters, given that of the vectors. Call once after encode().
  void backward(const torch::Tensor& gradient);

 private:
  torch::Tensor forward(size_t first, size_t count);

  RetrieverModel model_;
  std::vector<Sequence> sequences_;
  std::vector<size_t> chunks_;
  bool training_;
  torch::Tensor graph_;
};

/// Queries are that much shorter than pages, roughly.
inline constexpr size_t kQueriesPerPage = 16;

/// Cuts `queries` + `pages` sequences (in this order) so that a chunk has at most `pages_at_once`
/// pages and kQueriesPerPage times as many queries. When all of them fit into one chunk, nothing is
/// computed twice; otherwise queries and pages are cut apart.
std::vector<size_t> chunk_sizes(size_t queries, size_t pages, size_t pages_at_once);

}  // namespace recto
