#pragma once
// What one source of a training holds, as a hash: a run is resumed with the same data alone.
// Without torch.

#include <string>

#include "data/dataset.h"
#include "learn/training_data.h"

namespace recto {

/// SHA-256 (hex) over pages, passages, queries, who answers whom and the hard negatives. Of a
/// `dataset` (null for a file of text pairs) also over the hashes of its tables in manifest.json
/// and, as tables may be changed behind its back, over size and last 64 KiB of each file of pages:
/// the footer, with the place and size of every column, and all of a small file. The pictures are
/// not read, so one changed in a large file for one of the same size is not seen.
std::string source_hash(const Dataset* dataset, const TrainingData& train,
                        const TrainingData& held_out);

}  // namespace recto
