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

int PageSource::edge(const PageRequest& request) const {
  return request.longest_edge > 0 ? request.longest_edge : inputs_.own_edge();
}

std::string PageSource::image(const TrainingData::Page& page) const {
  try {
    return sources_.image(page);
  } catch (const Error& error) {
    fail(error.code(), "{}: page {}: {}", sources_.name(page), page.id, error.what());
  }
}

/// `bytes` gets the image file when it had to be read.
PictureId PageSource::picture(const PageRequest& request, std::string* bytes) const {
  const std::string key = request.page->key();
  {
    const std::lock_guard lock(mutex_);
    const auto known = digests_.find(key);
    if (known != digests_.end()) return {known->second, edge(request)};
  }
  std::string read = image(*request.page);
  const Sha256Digest digest = sha256_digest(as_bytes(read));
  if (bytes != nullptr) *bytes = std::move(read);
  const std::lock_guard lock(mutex_);
  digests_.emplace(key, digest);
  return {digest, edge(request)};
}

bool PageSource::take_known(PreparedPage& page) const {
  const std::optional<PageFeatures> known = features_->find(page.picture);
  if (!known) return false;
  page.input = inputs_.at(page.picture.longest_edge).document(known->tiling);
  take(page, known->features);
  return true;
}

void PageSource::take(PreparedPage& page, const torch::Tensor& features) const {
  const bool weighed = features_->constant() == PageConstant::kWeights;
  (weighed ? page.weights : page.features) = features;
}

PreparedPage PageSource::prepare(const PageRequest& request) const {
  const TrainingData::Page& page = *request.page;
  PreparedPage prepared;
  if (!page.passage.empty()) {
    prepared.input = inputs_.own().passage(page.passage);
    return prepared;
  }
  std::string bytes;
  if (features_ != nullptr) {
    prepared.picture = picture(request, &bytes);
    if (take_known(prepared)) return prepared;
  }
  if (bytes.empty()) bytes = image(page);
  try {
    prepared.input = inputs_.at(edge(request)).document(decode_image(as_bytes(bytes), "its image"));
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

void PageSource::complete(std::vector<PreparedPage>& pages) const {
  if (features_ == nullptr) return;
  std::vector<PreparedPage*> wanted;
  std::vector<FeatureSource::Missing> missing;
  for (PreparedPage& page : pages) {
    if (page.known() || page.input.images.empty()) continue;
    if (take_known(page)) continue;  // since it was prepared
    wanted.push_back(&page);
    missing.push_back({page.picture, &page.input});
  }
  const std::vector<PageFeatures> computed = features_->compute(missing);
  for (size_t i = 0; i < wanted.size(); ++i) {
    take(*wanted[i], computed[i].features);
    wanted[i]->input.images.clear();
  }
}

std::vector<PageRequest> PageSource::missing(const std::vector<PageRequest>& pages,
                                             int threads) const {
  if (features_ == nullptr) return {};
  std::vector<char> wanted(pages.size());
  parallel_for(pages.size(), threads, [&](size_t i) {
    throw_if_interrupted();
    if (!pages[i].page->passage.empty()) return;
    wanted[i] = features_->contains(picture(pages[i])) ? 0 : 1;
  });
  std::vector<PageRequest> missing;
  for (size_t i = 0; i < pages.size(); ++i) {
    if (wanted[i] != 0) missing.push_back(pages[i]);
  }
  return missing;
}

}  // namespace recto
