#include "eval/kept_pages.h"

#include "data/feature_key.h"
#include "data/feature_values.h"

namespace recto {
namespace {

std::vector<float> floats(std::span<const std::byte> bytes, DType dtype) {
  return to_float({dtype, {static_cast<int64_t>(bytes.size() / dtype_size(dtype))}, bytes});
}

FeatureRecord record_of(const Sha256Digest& image, const Views& views, size_t rows) {
  FeatureRecord record;
  record.page = image;
  record.tiling = views;
  record.rows = static_cast<uint32_t>(rows);
  record.computed_by = FeatureOrigin::kEngine;
  return record;
}

}  // namespace

std::shared_ptr<FeatureStore> FeatureStores::open(const ModelDirectory& model) {
  const PageConstant constant = last_constant(model.contract());
  Json weights;
  if (constant == PageConstant::kWeights) {
    weights = weights_key(model, *model.sparse_head(), *model.contract().sparse);
  }
  const Json key = feature_key(model, vision_weights_sha256(model.weights()),
                               model.contract().views.longest_edge, dtype_, weights);
  std::shared_ptr<FeatureStore>& store = stores_[dump_json(key)];
  if (store == nullptr) {
    const auto width = static_cast<uint64_t>(constant_width(constant, model.config()));
    store = std::make_shared<FeatureStore>(directory_, key, width * dtype_size(dtype_));
  }
  return store;
}

std::optional<KnownPage> KeptPages::find(const Sha256Digest& image) {
  const std::optional<StoredFeatures> found = store_->find(image);
  if (!found) return std::nullopt;
  ++from_store_;
  const FeatureRecord& record = found->record;
  return KnownPage{record.tiling, floats(found->values.values, dtype_)};
}

std::vector<std::vector<float>> KeptPages::make(std::span<const Missing> pages) {
  std::vector<const ModelInput*> inputs;
  for (const Missing& page : pages) inputs.push_back(page.input);
  std::vector<std::vector<float>> values = encoder_.encode(inputs);
  for (size_t i = 0; i < pages.size(); ++i) values[i] = keep(pages[i], values[i]);
  return values;
}

std::vector<float> KeptPages::keep(const Missing& page, const std::vector<float>& values) {
  std::vector<std::byte> rounded(values.size() * dtype_size(dtype_));
  round_features(values, dtype_, rounded);
  if (are_finite(values)) {
    const Views& views = page.input->images.at(0);
    store_->add(record_of(page.image, views, values.size() / width_), rounded);
  }
  ++computed_;
  return floats(rounded, dtype_);
}

}  // namespace recto
