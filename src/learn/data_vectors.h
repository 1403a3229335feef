#pragma once
// Vectors of all pages or queries of some data, by a model as it is now and without gradients.

#include <string>
#include <vector>

#include "learn/page_source.h"

namespace recto {

/// [pages, d] on the CPU, in order; pages at the contract's size. `label` names the progress bar;
/// `threads` prepare the next pages. Throws Error(kInterrupted) and what reading a page throws.
torch::Tensor page_vectors(RetrieverModel& model, const std::vector<TrainingData::Page>& pages,
                           const PageSource& source, int threads, const std::string& label);

/// [queries, d] on the CPU, in order. Throws Error(kInterrupted).
torch::Tensor query_vectors(RetrieverModel& model, const std::vector<TrainingData::Query>& queries,
                            const InputBuilder& builder);

}  // namespace recto
