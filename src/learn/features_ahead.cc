#include "learn/features_ahead.h"

#include <algorithm>

#include "base/interrupt.h"
#include "base/log.h"
#include "base/progress.h"
#include "learn/prefetch.h"

namespace recto {
namespace {

constexpr size_t kPagesAtOnce = 4;

}  // namespace

void compute_features_ahead(const PageSource& source, FeatureSource& features,
                            const std::vector<PageRequest>& pages, int threads) {
  const int readers = std::max(1, threads / 2);
  const std::vector<PageRequest> missing = source.missing(pages, readers);
  if (missing.empty()) return;
  log_info("features of {} of {} pages are computed first", missing.size(), pages.size());
  Progress progress("features", missing.size());
  const size_t groups = (missing.size() + kPagesAtOnce - 1) / kPagesAtOnce;
  Prefetcher<std::vector<PreparedPage>> prepared(groups, 2, [&](size_t group) {
    const size_t first = group * kPagesAtOnce;
    const size_t end = std::min(first + kPagesAtOnce, missing.size());
    const auto begin = missing.begin();
    return source.prepare(
        {begin + static_cast<std::ptrdiff_t>(first), begin + static_cast<std::ptrdiff_t>(end)},
        readers);
  });
  while (auto group = prepared.next()) {
    throw_if_interrupted();
    source.complete(*group);
    progress.advance(group->size());
  }
  features.sync();
}

}  // namespace recto
