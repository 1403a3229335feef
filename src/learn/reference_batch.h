#pragma once
// What ReferenceVectors say of a batch, as tensors on the CPU.

#include "learn/contrastive_batch.h"
#include "learn/reference_vectors.h"
#include "learn/torch.h"

namespace recto {

/// [b + B + m, d]: the vectors of the queries and documents of a batch, zeros where there is none.
torch::Tensor batch_vectors(const ReferenceVectors& reference, const ContrastiveBatch& batch);

/// [b + B + m] bool: where there is one.
torch::Tensor has_batch_vector(const ReferenceVectors& reference, const ContrastiveBatch& batch);

/// [b, B + m]: cosines of queries and documents, NaN where one of the two has no vector. Summed in
/// double, so that a score does not depend on the batch it is in.
torch::Tensor batch_scores(const ReferenceVectors& reference, const ContrastiveBatch& batch);

}  // namespace recto
