#pragma once
// Vectors that another model has made of the queries and pages of the training data: a teacher's or
// a guide's. Only ids and vectors count, so any encoder will do. Without torch.

#include <cstdint>
#include <string>
#include <vector>

#include "base/matrix.h"
#include "learn/training_data.h"

namespace recto {

struct ReferenceVectors {
  static constexpr int64_t kNone = -1;

  Matrix vectors;                   ///< [rows, d], L2-normalised
  std::vector<int64_t> query_rows;  ///< of each query of the data, or kNone
  std::vector<int64_t> page_rows;   ///< of each page of the data, or kNone

  bool empty() const { return vectors.rows == 0; }
  /// SHA-256 of what is here, whatever files it came from.
  std::string sha256() const;
};

/// Reads tables of vectors (data/table.h) and keeps the rows whose ids are query_id or page_id of
/// `data`. `option` names them in messages. Throws Error(kMismatch) when two tables have different
/// dimensions, Error(kBadInput) for an id with two vectors and for a vector that is zero or not
/// finite, and what IdPlaces and read_embeddings() throw.
ReferenceVectors read_reference_vectors(const std::vector<std::string>& files,
                                        const TrainingData& data, const std::string& option);

/// Pages that a step takes its hard negatives from.
enum class NegativePages { kNone, kOfTheData, kAll };

/// Pages of `data` that can stand in a step: those that answer queries, and negatives; sorted.
std::vector<size_t> pages_in_steps(const TrainingData& data, NegativePages negatives);

}  // namespace recto
