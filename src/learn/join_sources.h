#pragma once
// Data of several sources as one. Without torch.

#include "learn/training_data.h"

namespace recto {

/// Appends the data of one source, which gets the next number, to `all`. Document ids and groups
/// get the number in front, but for documents that are named by the hash of their file.
void append_source(TrainingData& all, TrainingData&& part, const TrainingData::Source& source);

/// Pages of several sources that are one page, by the hash of their file, share a group from now
/// on, and so do the groups they were in.
void join_same_pages(TrainingData& data);

/// Takes the queries out of `held_out` that a document of `train` answers. Gives their number.
size_t drop_trained_documents(TrainingData& held_out, const TrainingData& train);

}  // namespace recto
