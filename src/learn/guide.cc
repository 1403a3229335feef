#include "learn/guide.h"

#include <algorithm>

#include "base/error.h"
#include "base/log.h"
#include "learn/reference_batch.h"

namespace recto {
namespace {

constexpr size_t kNamed = 5;

/// Ids of what has no vector.
struct Missing {
  size_t queries = 0, pages = 0;
  std::vector<std::string> first;

  void add(size_t& count, const std::string& id) {
    ++count;
    if (first.size() < kNamed) first.push_back("\"" + id + "\"");
  }
};

void check_complete(const ReferenceVectors& vectors, const TrainingData& data,
                    const std::vector<size_t>& pages, const std::vector<std::string>& files) {
  Missing missing;
  for (size_t q = 0; q < data.queries.size(); ++q) {
    if (vectors.query_rows[q] == ReferenceVectors::kNone) {
      missing.add(missing.queries, data.queries[q].id);
    }
  }
  for (const size_t page : pages) {
    if (vectors.page_rows[page] == ReferenceVectors::kNone) {
      missing.add(missing.pages, data.pages[page].id);
    }
  }
  if (missing.first.empty()) return;
  fail(ErrorCode::kBadInput,
       "--guide: {} of {} queries and {} of {} pages of the data have no vector in {}: {}{}; rows "
       "are found by query_id and page_id, and all of them are wanted",
       missing.queries, data.queries.size(), missing.pages, pages.size(), fmt::join(files, ", "),
       fmt::join(missing.first, ", "),
       missing.queries + missing.pages > missing.first.size() ? ", …" : "");
}

}  // namespace

torch::Tensor guided_mask(const torch::Tensor& scores, const GuideMargin& margin, int64_t offset) {
  const torch::Tensor own = scores.narrow(1, offset, scores.size(0)).diagonal().unsqueeze(1);
  const torch::Tensor limit = margin.relative ? own * (1 - margin.margin) : own - margin.margin;
  torch::Tensor mask = scores > limit;
  mask.narrow(1, offset, scores.size(0)).diagonal().fill_(false);
  return mask;
}

Guide::Guide(const std::vector<std::string>& files, const TrainingData& data,
             const std::vector<size_t>& pages, const GuideMargin& margin)
    : vectors_(read_reference_vectors(files, data, "--guide")), margin_(margin) {
  check_complete(vectors_, data, pages, files);
  log_info("guide: {} vectors of {} dimensions", vectors_.vectors.rows, vectors_.vectors.columns);
}

torch::Tensor Guide::mask(const ContrastiveBatch& batch) const {
  const torch::Tensor scores = batch_scores(vectors_, batch);
  RECTO_CHECK(!scores.isnan().any().item<bool>());
  return guided_mask(scores, margin_);
}

}  // namespace recto
