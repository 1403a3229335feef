#include "learn/feature_source.h"

#include <algorithm>

#include "base/error.h"
#include "base/log.h"
#include "data/feature_key.h"
#include "data/feature_values.h"
#include "model/model_write.h"

namespace recto {
namespace {

constexpr size_t kPagesAtOnce = 8;  // their values are in memory twice for a moment

torch::ScalarType scalar_type(DType dtype) {
  if (dtype == DType::kBF16) return torch::kBFloat16;
  return dtype == DType::kF16 ? torch::kFloat16 : torch::kFloat32;
}

/// A tensor over values that `owner` keeps alive. Nobody may write to it.
template <typename Owner>
torch::Tensor borrow(const void* values, int64_t rows, int64_t width, torch::ScalarType type,
                     Owner owner) {
  return torch::from_blob(
      const_cast<void*>(values), {rows, width}, [owner = std::move(owner)](void*) {},
      torch::dtype(type));
}

torch::Tensor own(std::vector<float> values, int64_t width) {
  const auto owner = std::make_shared<std::vector<float>>(std::move(values));
  const int64_t rows = static_cast<int64_t>(owner->size()) / width;
  return borrow(owner->data(), rows, width, torch::kFloat32, owner);
}

std::span<const std::byte> bytes_of(const torch::Tensor& tensor) {
  return {static_cast<const std::byte*>(tensor.const_data_ptr()), tensor.nbytes()};
}

/// Of fp32 values on the CPU.
std::span<const float> values_of(const torch::Tensor& tensor) {
  return {tensor.const_data_ptr<float>(), static_cast<size_t>(tensor.numel())};
}

torch::Tensor rounded(const torch::Tensor& values, DType dtype) {
  torch::Tensor out = torch::empty(values.sizes(), scalar_type(dtype));
  round_features(values_of(values), dtype,
                 {static_cast<std::byte*>(out.mutable_data_ptr()), out.nbytes()});
  return out;
}

}  // namespace

FeatureSource::FeatureSource(std::shared_ptr<const ModelDirectory> directory, RetrieverModel model,
                             const TrainSettings& settings, uint64_t memory_bytes)
    : directory_(std::move(directory)),
      model_(std::move(model)),
      constant_(model_->weights_are_constant() ? PageConstant::kWeights
                                               : PageConstant::kVisualTokens),
      dtype_(parse_weights_dtype(settings.feature_dtype)),
      width_(constant_width(constant_, directory_->config())),
      memory_(memory_bytes),
      store_path_(settings.feature_store) {
  if (model_->device().is_cpu()) encoder_ = make_encoder(settings.threads);
  if (!has_store()) return;
  vision_sha256_ = vision_weights_sha256(directory_->weights());
  if (constant_ == PageConstant::kWeights) {
    const SparseWeights& sparse = model_->sparse();
    weights_key_ = weights_key(*directory_, sparse->head(), sparse->output());
  }
  const FeatureStore* own = store(directory_->contract().views.longest_edge);
  log_info("feature store {}: {} pages of this model and these settings", store_path_.string(),
           own->size());
}

std::unique_ptr<VisualEncoder> FeatureSource::make_encoder(int threads) const {
  if (constant_ == PageConstant::kVisualTokens) {
    return std::make_unique<VisualEncoder>(directory_, threads);
  }
  const SparseWeights& sparse = model_->sparse();
  return std::make_unique<VisualEncoder>(directory_, threads, sparse->head(), sparse->output());
}

/// Null without a store.
FeatureStore* FeatureSource::store(int longest_edge) {
  if (!has_store()) return nullptr;
  const std::lock_guard lock(mutex_);
  std::unique_ptr<FeatureStore>& found = stores_[longest_edge];
  if (found == nullptr) {
    const uint64_t row_bytes = static_cast<uint64_t>(width_) * dtype_size(dtype_);
    const Json key = feature_key(*directory_, vision_sha256_, longest_edge, dtype_, weights_key_);
    found = std::make_unique<FeatureStore>(store_path_, key, row_bytes);
  }
  return found.get();
}

std::optional<PageFeatures> FeatureSource::find(const PictureId& page) {
  std::optional<PageFeatures> known = memory_.find(page);
  FeatureStore* const from = store(page.longest_edge);
  if (known || from == nullptr) return known;
  std::optional<StoredFeatures> stored = from->find(page.image);
  if (!stored) return std::nullopt;
  {
    const std::lock_guard lock(mutex_);
    if (seen_in_store_.insert(page).second) ++counts_.from_store;
  }
  const FeatureRecord& record = stored->record;
  const void* values = stored->values.values.data();
  return PageFeatures{record.tiling, borrow(values, record.rows, width_, scalar_type(dtype_),
                                            std::move(stored->values.file))};
}

bool FeatureSource::contains(const PictureId& page) {
  FeatureStore* const in = store(page.longest_edge);
  return (in != nullptr && in->contains(page.image)) || memory_.find(page).has_value();
}

std::vector<PageFeatures> FeatureSource::compute(std::span<const Missing> pages) {
  std::vector<PageFeatures> all;
  for (size_t first = 0; first < pages.size(); first += kPagesAtOnce) {
    const auto part = pages.subspan(first, std::min(kPagesAtOnce, pages.size() - first));
    const std::vector<torch::Tensor> values = computed(part);
    for (size_t i = 0; i < part.size(); ++i) all.push_back(keep(part[i], values[i]));
  }
  return all;
}

std::vector<torch::Tensor> FeatureSource::computed(std::span<const Missing> pages) {
  std::vector<torch::Tensor> values;
  if (encoder_ == nullptr) {
    for (const Missing& page : pages) {
      const torch::Tensor made =
          constant_ == PageConstant::kWeights
              ? model_->picture_weights(*page.input)
              : model_->visual_features(*page.input, nullptr, Precision::kFp32);
      values.push_back(made.to(torch::kCPU).contiguous());
    }
    return values;
  }
  std::vector<const ModelInput*> inputs;
  for (const Missing& page : pages) inputs.push_back(page.input);
  for (std::vector<float>& features : encoder_->encode(inputs)) {
    values.push_back(own(std::move(features), width_));
  }
  return values;
}

PageFeatures FeatureSource::keep(const Missing& missing, const torch::Tensor& values) {
  const Views& views = missing.input->images.at(0);
  {
    const std::lock_guard lock(mutex_);
    ++counts_.computed;
    if (encoder_ != nullptr) counts_.vision_views += views.count();
    seen_in_store_.insert(missing.page);  // found there later, it is this run's own
  }
  const PageFeatures features{views, rounded(values, dtype_)};
  if (!are_finite(values_of(values))) return features;
  FeatureRecord record;
  record.page = missing.page.image;
  record.tiling = views;
  record.rows = static_cast<uint32_t>(values.size(0));
  record.computed_by = encoder_ == nullptr ? FeatureOrigin::kTorch : FeatureOrigin::kEngine;
  FeatureStore* const to = store(missing.page.longest_edge);
  const bool stored = to != nullptr && to->add(record, bytes_of(features.features));
  if (!stored) memory_.keep(missing.page, features);
  return features;
}

void FeatureSource::sync() {
  const std::lock_guard lock(mutex_);
  for (const auto& [edge, store] : stores_) store->sync();
}

FeatureCounts FeatureSource::counts() const {
  const std::lock_guard lock(mutex_);
  FeatureCounts counts = counts_;
  counts.vision_views += model_->vision_views();
  return counts;
}

std::unique_ptr<FeatureSource> open_feature_source(std::shared_ptr<const ModelDirectory> directory,
                                                   RetrieverModel model,
                                                   const TrainSettings& settings,
                                                   uint64_t memory_bytes) {
  if (!model->vision_trained()) {
    return std::make_unique<FeatureSource>(std::move(directory), std::move(model), settings,
                                           memory_bytes);
  }
  if (settings.feature_store.empty()) return nullptr;
  fail(ErrorCode::kUsage,
       "--feature-store {} keeps what the vision tower and the connector make of a page, but this "
       "run trains them, so that it changes with every step; leave the option out, or keep both as "
       "they are (--method lora without vision layers in --lora-targets, or --freeze "
       "'vision_model\\..*' and --freeze 'connector\\..*')",
       settings.feature_store);
}

}  // namespace recto
