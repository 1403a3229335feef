#include "learn/page_source.h"

#include "base/error.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/threads.h"
#include "page/decode.h"

namespace recto {

PreparedPage PageSource::prepare(const TrainingData::Page& page) const {
  PreparedPage prepared;
  prepared.id = page.id;
  if (cache_ != nullptr) {
    if (std::optional<PageFeatures> known = cache_->find(page.id)) {
      prepared.input.ids = std::move(known->ids);
      prepared.features = known->features;
      return prepared;
    }
  }
  try {
    const std::string bytes = dataset_.image(page.split, page.id);
    prepared.input = builder_.document(decode_image(as_bytes(bytes), "its image"));
  } catch (const Error& error) {
    fail(error.code(), "{}: page {}: {}", dataset_.path().string(), page.id, error.what());
  }
  return prepared;
}

std::vector<PreparedPage> PageSource::prepare(const std::vector<TrainingData::Page>& pages,
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
    if (page.features.defined()) continue;
    throw_if_interrupted();
    page.features = model->visual_features(page.input);
    page.input.images.clear();
    cache_->keep(page.id, {page.input.ids, page.features.to(torch::kCPU)});
  }
}

}  // namespace recto
