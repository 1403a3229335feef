#include "learn/memory_estimate.h"

#include <fmt/format.h>

#include <algorithm>

#include "learn/grad_cache.h"

namespace recto {
namespace {

constexpr uint64_t kFloat = 4;
constexpr int kPromptTokens = 32;  // of a page, around its views
constexpr int kViewMarkers = 6;    // tokens around the visual tokens of a view

uint64_t megabytes(uint64_t bytes) { return (bytes + 999'999) / 1'000'000; }

}  // namespace

uint64_t page_activation_bytes(const ModelConfig& config, int views, bool vision_trained) {
  // Kept per token and layer. Vision: both norms' input and output, q, k, v, the mixed heads (8
  // widths), fc1 before and after GELU. Text: the same with q and k before and after rotation and
  // the repeated k and v (12 widths), gate, up, silu(gate) and their product.
  const VisionConfig& v = config.vision;
  const TextConfig& t = config.text;
  const uint64_t patches = static_cast<uint64_t>(v.patches_per_side()) * v.patches_per_side();
  const uint64_t vision = patches * views * v.num_hidden_layers *
                          (8u * v.hidden_size + 2u * v.intermediate_size) * kFloat;
  const uint64_t tokens =
      static_cast<uint64_t>(views) * (config.image_seq_len() + kViewMarkers) + kPromptTokens;
  const uint64_t text =
      tokens * t.num_hidden_layers * (12u * t.hidden_size + 4u * t.intermediate_size) * kFloat;
  return ((vision_trained ? vision : 0) + text) * 6 / 5;
}

uint64_t page_feature_bytes(const ModelConfig& config, int views) {
  return static_cast<uint64_t>(views) * config.image_seq_len() * config.text.hidden_size * kFloat;
}

int most_views(const std::vector<TrainingData::Page>& pages, const ViewSettings& settings) {
  int most = 1;
  for (const TrainingData::Page& page : pages) {
    if (!settings.image_splitting || page.width < 1 || page.height < 1) continue;
    most = std::max(most, view_grid(page.width, page.height, settings).views());
  }
  return most;
}

int most_pages_in_step(const TrainingData& data, size_t batch_size, int negatives) {
  size_t mined = 0;
  for (const TrainingData::Query& query : data.queries) {
    mined = std::max(mined, std::min(query.negatives.size(), static_cast<size_t>(negatives)));
  }
  return static_cast<int>(std::min(batch_size * (1 + mined), data.pages.size()));
}

std::string MemoryEstimate::text() const {
  return fmt::format(
      "memory: about {} MB ({} weights, {} gradients and optimiser, {} activations of {} pages at "
      "once, {} features) of {} MB available",
      megabytes(total()), megabytes(weights), megabytes(optimizer), megabytes(activations),
      chunk_size, megabytes(features), megabytes(available));
}

MemoryEstimate estimate_memory(const ModelConfig& config, const MemoryRequest& request,
                               uint64_t available) {
  MemoryEstimate estimate;
  estimate.available = available;
  estimate.weights = static_cast<uint64_t>(request.parameters) * kFloat;
  estimate.optimizer = static_cast<uint64_t>(request.trained) * kFloat * 3;
  const uint64_t page = page_activation_bytes(config, request.views, request.vision_trained);
  const auto queries = static_cast<uint64_t>(request.queries_in_step);
  const uint64_t queries_as_pages = (queries + kQueriesPerPage - 1) / kQueriesPerPage;
  estimate.chunk_size = std::min(request.chunk_size, request.pages_in_step);
  if (request.chunk_size == 0) {
    const uint64_t fit = std::max<uint64_t>(1, available / 2 / page);
    int chunk = request.pages_in_step;
    if (fit < static_cast<uint64_t>(chunk) + queries_as_pages) {
      for (chunk = 1; static_cast<uint64_t>(chunk) * 2 <= fit;) chunk *= 2;
    }
    estimate.chunk_size = chunk;
  }
  const bool together = estimate.chunk_size >= request.pages_in_step;
  estimate.activations =
      page * (static_cast<uint64_t>(estimate.chunk_size) + (together ? queries_as_pages : 0));
  if (!request.vision_trained) {
    estimate.features =
        std::min(available / 4, page_feature_bytes(config, request.views) * request.pages_in_data);
  }
  return estimate;
}

}  // namespace recto
