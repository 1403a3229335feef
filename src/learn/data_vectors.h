#pragma once
// Vectors of all pages or queries of some data, by a model as it is now and without gradients. The
// processes of a group encode a part each, and all get all.

#include <string>
#include <vector>

#include "learn/page_source.h"
#include "learn/process_group.h"

namespace recto {

/// [pages, d] on the CPU, in order; pages at the contract's size. `label` names the progress bar;
/// `threads` prepare the next pages. Throws Error(kInterrupted), what reading a page throws and
/// what the group throws.
torch::Tensor page_vectors(RetrieverModel& model, const std::vector<TrainingData::Page>& pages,
                           const PageSource& source, int threads, const std::string& label,
                           ProcessGroup& group);

/// [queries, d] on the CPU, in order. Throws Error(kInterrupted) and what the group throws.
torch::Tensor query_vectors(RetrieverModel& model, const std::vector<TrainingData::Query>& queries,
                            const InputBuilder& builder, ProcessGroup& group);

}  // namespace recto
