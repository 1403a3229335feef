#pragma once
// The hard negatives that a training has mined, as a Parquet table of its checkpoints. Without
// torch.

#include <cstdint>
#include <filesystem>

#include "learn/negative_choice.h"
#include "learn/training_data.h"

namespace recto {

struct MinedNegatives {
  int64_t step = 0;  ///< steps that were done when they were mined
  NegativeLists lists;
};

/// Writes columns query, page (numbers in the data), query_id, page_id, rank (from 1), and the step
/// in the footer. Throws Error(kIo).
void write_mined_negatives(const std::filesystem::path& file, const TrainingData& data,
                           const MinedNegatives& negatives);

/// Reads them for the same data. Throws Error(kBadInput) naming the file for what is no such table
/// or names a query or page the data has not.
MinedNegatives read_mined_negatives(const std::filesystem::path& file, const TrainingData& data);

}  // namespace recto
