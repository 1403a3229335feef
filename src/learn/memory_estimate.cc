#include "learn/memory_estimate.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <numeric>

#include "base/error.h"
#include "base/log.h"
#include "model/weights.h"

namespace recto {
namespace {

constexpr uint64_t kFloat = 4;
constexpr int kPromptTokens = 32;  // of a page, around its views
constexpr int kViewMarkers = 6;    // tokens around the visual tokens of a view

uint64_t megabytes(uint64_t bytes) { return (bytes + 999'999) / 1'000'000; }

/// Activations of the costliest page or passage.
uint64_t largest_page(const ModelConfig& config, const MemoryRequest& request, bool recompute,
                      bool bf16) {
  const bool vision = request.vision_trained;
  const uint64_t passage =
      activation_bytes(config, request.passage_tokens, 0, vision, recompute, bf16);
  if (request.views == 0) return std::max<uint64_t>(1, passage);
  return std::max(passage, page_activation_bytes(config, request.views, vision, recompute, bf16));
}

/// Bytes of a token in `layers` layers that keep `values` numbers each, or, computed again, the
/// `width` numbers they begin with and all of one of them. In bf16 products take rounded copies of
/// their inputs; norms and the residual stream stay fp32.
uint64_t kept_by_layers(uint64_t layers, uint64_t values, uint64_t width, bool recompute,
                        bool bf16) {
  uint64_t layer = values * kFloat;
  if (bf16) layer = layer * 2 / 3;
  return recompute ? layers * width * kFloat + layer : layers * layer;
}

/// Rows over the vocabulary (learn/sparse_weights.h): of each page of a step the sums, weights, and
/// the gradients of both, for each of at most two edges and of their mean; of each visual token of
/// one page at a time its logits, probabilities and what backward makes of them.
uint64_t sparse_bytes(const ModelConfig& config, const MemoryRequest& request) {
  const uint64_t row = static_cast<uint64_t>(config.text.vocab_size) * kFloat;
  const auto tokens = static_cast<uint64_t>(request.views) * config.image_seq_len();
  return row * (10 * static_cast<uint64_t>(request.pages_in_step) + 3 * tokens);
}

}  // namespace

uint64_t activation_bytes(const ModelConfig& config, int64_t tokens, int views, bool vision_trained,
                          bool recompute, bool bf16) {
  // Kept per token and layer. Vision: both norms' input and output, q, k, v, the mixed heads (8
  // widths), fc1 before and after GELU. Text: both norms' input, q, k, v, the mixed heads, gate and
  // up (learn/fused_linears.h); in bf16 also the norms' output, q and k before rotation, the
  // repeated k and v (12 widths), silu(gate) and its product with up.
  const VisionConfig& v = config.vision;
  const TextConfig& t = config.text;
  const uint64_t patches = static_cast<uint64_t>(v.patches_per_side()) * v.patches_per_side();
  const uint64_t vision =
      patches * views *
      kept_by_layers(v.num_hidden_layers, 8u * v.hidden_size + 2u * v.intermediate_size,
                     v.hidden_size, recompute, bf16);
  const uint64_t keys = static_cast<uint64_t>(t.num_key_value_heads) * t.head_dim;
  const uint64_t values = bf16 ? 12u * t.hidden_size + 4u * t.intermediate_size
                               : 4u * t.hidden_size + 2 * keys + 2u * t.intermediate_size;
  const uint64_t text = static_cast<uint64_t>(tokens) *
                        kept_by_layers(t.num_hidden_layers, values, t.hidden_size, recompute, bf16);
  return ((vision_trained ? vision : 0) + text) * 6 / 5;
}

uint64_t page_activation_bytes(const ModelConfig& config, int views, bool vision_trained,
                               bool recompute, bool bf16) {
  const int64_t tokens = static_cast<int64_t>(views) * (config.image_seq_len() + kViewMarkers);
  return activation_bytes(config, tokens + kPromptTokens, views, vision_trained, recompute, bf16);
}

uint64_t page_feature_bytes(const ModelConfig& config, int views, uint64_t value_bytes) {
  return static_cast<uint64_t>(views) * config.image_seq_len() * config.text.hidden_size *
         value_bytes;
}

int most_views(const std::vector<TrainingData::Page>& pages, const ViewSettings& settings) {
  int most = 0;
  for (const TrainingData::Page& page : pages) {
    if (page.passage.empty()) most = std::max(most, 1);
    if (!settings.image_splitting || page.width < 1 || page.height < 1) continue;
    most = std::max(most, view_grid(page.width, page.height, settings).views());
  }
  return most;
}

int most_pages_in_step(const TrainingData& data, size_t batch_size, int negatives, bool mined) {
  const auto asked = static_cast<size_t>(negatives);
  size_t most = mined ? asked : 0;
  for (const TrainingData::Query& query : data.queries) {
    most = std::max(most, std::min(query.negatives.size(), asked));
  }
  return static_cast<int>(std::min(batch_size * (1 + most), data.pages.size()));
}

uint64_t encoder_bytes(const ModelConfig& config) {
  uint64_t numbers = 0;
  for (const auto& [name, shape] : expected_tensors(config)) {
    if (name.rfind("text_model.", 0) == 0 || name == "lm_head.weight") continue;
    numbers += static_cast<uint64_t>(
        std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<>()));
  }
  return numbers * kFloat;
}

std::string MemoryEstimate::text() const {
  return fmt::format(
      "memory: about {} MB ({} weights, {} gradients and optimiser, {} activations of {} large "
      "pages at once, {}{} features, {} to compute them, {} the program) of {} MB available",
      megabytes(total()), megabytes(weights), megabytes(optimizer), megabytes(activations),
      chunk_size, sparse > 0 ? fmt::format("{} sparse output, ", megabytes(sparse)) : "",
      megabytes(features), megabytes(encoder), megabytes(kProgramBytes), megabytes(available));
}

void MemoryEstimate::check() const {
  const uint64_t least = weights + optimizer;
  if (least > available) {
    fail(ErrorCode::kLimit,
         "weights, gradients and optimiser alone need {} MB, but {} MB are available; train fewer "
         "parameters (--method lora, or --freeze with --method full), take a smaller model, or end "
         "other programs",
         megabytes(least), megabytes(available));
  }
  if (total() <= available) return;
  log_warning(
      "that is more than is available; lower --chunk-size, --longest-edge or --second-edge, or "
      "turn on --gradient-checkpointing");
}

MemoryEstimate estimate_memory(const ModelConfig& config, const MemoryRequest& request,
                               uint64_t available) {
  MemoryEstimate estimate;
  estimate.available = available;
  estimate.weights = static_cast<uint64_t>(request.parameters) * kFloat;
  estimate.optimizer = static_cast<uint64_t>(request.trained) * kFloat * 3;
  estimate.page = largest_page(config, request, /*recompute=*/false, /*bf16=*/false);
  const uint64_t page = largest_page(config, request, request.recompute, request.bf16);
  estimate.encoder = request.encoder;
  if (request.sparse) estimate.sparse = sparse_bytes(config, request);
  const uint64_t taken = estimate.weights + estimate.optimizer + estimate.encoder + estimate.sparse;
  const uint64_t left = available - std::min(available, taken);
  const auto queries = static_cast<uint64_t>(request.queries_in_step);
  const uint64_t queries_as_pages = (queries + kQueriesPerPage - 1) / kQueriesPerPage;
  estimate.chunk_size = std::min(request.chunk_size, request.pages_in_step);
  if (request.chunk_size == 0) {
    const uint64_t fit = std::max<uint64_t>(1, left / 2 / page);
    int chunk = request.pages_in_step;
    if (fit < static_cast<uint64_t>(chunk) + queries_as_pages) {
      for (chunk = 1; static_cast<uint64_t>(chunk) * 2 <= fit;) chunk *= 2;
    }
    estimate.chunk_size = chunk;
  }
  const auto chunk = static_cast<uint64_t>(estimate.chunk_size);
  // As learn/chunk_plan.h cuts: everything at once when it fits, or chunks of this many pages.
  const uint64_t budget = page * chunk, of_queries = page * queries / kQueriesPerPage;
  const uint64_t all = page * static_cast<uint64_t>(request.pages_in_step) + of_queries;
  estimate.activations = all <= budget + std::min(budget, of_queries) ? all : budget;
  if (!request.vision_trained) {
    const uint64_t page_bytes =
        request.weights
            ? static_cast<uint64_t>(config.text.vocab_size) * request.feature_value_bytes
            : page_feature_bytes(config, request.views, request.feature_value_bytes);
    estimate.feature_limit = std::min(left / 4, page_bytes * request.pages_in_data);
    if (!request.feature_store) estimate.features = estimate.feature_limit;
  }
  return estimate;
}

}  // namespace recto
