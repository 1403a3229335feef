#include "learn/page_source.h"

#include "base/error.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/threads.h"
#include "page/decode.h"

namespace recto {

std::vector<PageRequest> requests(std::span<const TrainingData::Page> pages) {
  std::vector<PageRequest> all;
  for (const TrainingData::Page& page : pages) all.push_back({&page});
  return all;
}

PreparedPage PageSource::prepare(const PageRequest& request) const {
  const TrainingData::Page& page = *request.page;
  const int edge = request.longest_edge > 0 ? request.longest_edge : inputs_.own_edge();
  PreparedPage prepared;
  prepared.key = fmt::format("{}@{}", page.key(), edge);
  if (!page.passage.empty()) {
    prepared.input = inputs_.own().passage(page.passage);
    return prepared;
  }
  if (cache_ != nullptr) {
    if (std::optional<PageFeatures> known = cache_->find(prepared.key)) {
      prepared.input.ids = std::move(known->ids);
      prepared.features = known->features;
      return prepared;
    }
  }
  try {
    const std::string bytes = sources_.image(page);
    prepared.input = inputs_.at(edge).document(decode_image(as_bytes(bytes), "its image"));
  } catch (const Error& error) {
    fail(error.code(), "{}: page {}: {}", sources_.name(page), page.id, error.what());
  }
  return prepared;
}

std::vector<PreparedPage> PageSource::prepare(const std::vector<PageRequest>& pages,
                                              int threads) const {
  std::vector<PreparedPage> prepared(pages.size());
  parallel_for(pages.size(), threads, [&](size_t i) {
    throw_if_interrupted();
    prepared[i] = prepare(pages[i]);
  });
  return prepared;
}

void PageSource::complete(RetrieverModel& model, std::vector<PreparedPage>& pages) const {
  if (cache_ == nullptr) return;
  for (PreparedPage& page : pages) {
    if (page.features.defined() || page.input.images.empty()) continue;
    throw_if_interrupted();
    page.features = model->visual_features(page.input);
    page.input.images.clear();
    cache_->keep(page.key, {page.input.ids, page.features.to(torch::kCPU)});
  }
}

}  // namespace recto
