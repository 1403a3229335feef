#pragma once
// Features of pages computed before a training needs them.

#include <vector>

#include "learn/page_source.h"

namespace recto {

/// Computes the features of those of `pages` that nobody knows, on `threads` threads, with a
/// progress bar. What is done stays done when it is interrupted. Throws what preparing a page
/// throws, Error(kInterrupted).
void compute_features_ahead(const PageSource& source, FeatureSource& features,
                            const std::vector<PageRequest>& pages, int threads);

}  // namespace recto
