#pragma once
// What one source of a training holds, as a hash: a run is resumed with the same data alone.
// Without torch.

#include <string>

#include "data/dataset.h"
#include "learn/training_data.h"

namespace recto {

/// SHA-256 (hex) over pages, passages, queries, who answers whom and the hard negatives. Of a
/// `dataset` (null for a file of text pairs) also over the hashes of its tables in manifest.json
/// and, as tables may be changed behind its back, over the files of all tables but the audit as
/// they are, every picture with them. They are read once, several at a time; of more than 4 GiB it
/// is said. Throws Error(kIo | kInterrupted).
std::string source_hash(const Dataset* dataset, const TrainingData& train,
                        const TrainingData& held_out);

}  // namespace recto
