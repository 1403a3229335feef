#include "learn/memory_request.h"

#include <algorithm>

#include "base/threads.h"
#include "engine/memory_plan.h"
#include "learn/trained_size.h"
#include "model/model_write.h"

namespace recto {
namespace {

/// What the data asks of memory.
MemoryRequest data_memory(const StepSource& steps, const TrainSettings& settings,
                          const Contract& contract) {
  const std::vector<TrainingData::Page>& pages = steps.train().pages;
  const int own = contract.views.longest_edge;
  std::vector<int> edges = settings.longest_edges;
  if (edges.empty()) edges.push_back(own);
  const bool mined_apart =
      settings.remine_every > 0 && std::count(edges.begin(), edges.end(), own) == 0;
  MemoryRequest request;
  request.queries_in_step = static_cast<int>(steps.batch_size());
  request.pages_in_step = most_pages_in_step(steps.train(), steps.batch_size(), settings.negatives,
                                             settings.remine_every > 0);
  request.pages_in_data = static_cast<int>((edges.size() + (mined_apart ? 1 : 0)) * pages.size() +
                                           steps.held_out().pages.size());
  for (const int edge : edges) {
    ViewSettings views = contract.views;
    views.longest_edge = edge;
    request.views = std::max(request.views, most_views(pages, views));
  }
  const bool passages = std::any_of(pages.begin(), pages.end(), [](const TrainingData::Page& page) {
    return !page.passage.empty();
  });
  if (passages) request.passage_tokens = contract.max_query_tokens;
  return request;
}

}  // namespace

MemoryRequest memory_request(const StepSource& steps, const TrainSettings& settings,
                             const ModelDirectory& directory, const Contract& contract,
                             const ProcessGroup& group) {
  MemoryRequest request = data_memory(steps, settings, contract);
  request.queries_in_step = group.largest_share(request.queries_in_step);
  request.pages_in_step = group.largest_share(request.pages_in_step);
  const TrainedSize size = trained_size(directory.config(), settings, directory.adapter());
  const bool sees = torch_sees(size, settings);
  const uint64_t eyes = encoder_bytes(directory.config());
  request.parameters = size.all - (sees ? 0 : static_cast<int64_t>(eyes / sizeof(float)));
  request.trained = size.trained;
  request.vision_trained = size.vision;
  request.sparse = settings.sparse_weight > 0;
  request.feature_value_bytes = dtype_size(parse_weights_dtype(settings.feature_dtype));
  request.weights = contract.pooling == Pooling::kVocabulary && !size.weighing;
  request.feature_store = !settings.feature_store.empty();
  if (!sees && request.views > 0) request.encoder = eyes;
  if (request.encoder > 0 && request.weights) {
    const int threads = settings.threads > 0 ? settings.threads : available_cores();
    request.encoder += sparse_bytes(directory.config(), threads);
  }
  request.recompute = settings.gradient_checkpointing;
  request.bf16 = settings.precision == "bf16";
  request.chunk_size = settings.chunk_size;
  return request;
}

}  // namespace recto
