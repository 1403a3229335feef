#include "learn/retriever_model.h"

#include <algorithm>
#include <numeric>

#include "base/mapped_pages.h"

namespace recto {
namespace {

constexpr int64_t kVisionActivationBytes = int64_t{64} << 20;

torch::ScalarType scalar_type(DType dtype) {
  switch (dtype) {
    case DType::kF32:
      return torch::kFloat32;
    case DType::kF16:
      return torch::kFloat16;
    case DType::kBF16:
      return torch::kBFloat16;
    case DType::kF64:
      return torch::kFloat64;
    default:
      fail(ErrorCode::kUnsupported, "a tensor of type {} is not made of floating-point numbers",
           dtype_name(dtype));
  }
}

/// Values of `view`, to be read only.
torch::Tensor borrowed(const TensorView& view) {
  void* data = const_cast<std::byte*>(view.bytes.data());
  return torch::from_blob(data, view.shape, scalar_type(view.dtype));
}

/// Pixels of `images` as fp32 [views, 3, T, T].
torch::Tensor pixel_tensor(const std::vector<const Views*>& images) {
  int64_t count = 0;
  for (const Views* views : images) count += views->count();
  const int64_t tile = images.front()->tile;
  torch::Tensor pixels = torch::empty({count, 3, tile, tile});
  float* out = pixels.data_ptr<float>();
  for (const Views* views : images) {
    normalize_views(*views, 0, views->count(), out);
    out += static_cast<int64_t>(views->count()) * 3 * tile * tile;
  }
  return pixels;
}

std::vector<const Views*> image_pointers(const ModelInput& input) {
  std::vector<const Views*> images;
  for (const Views& views : input.images) images.push_back(&views);
  return images;
}

}  // namespace

torch::Tensor to_tensor(const TensorView& view) {
  return torch::empty(view.shape, torch::kFloat32).copy_(borrowed(view));
}

/// Where the rows of every sequence are.
struct RetrieverModelImpl::Pack {
  PackLayout layout;
  std::vector<size_t> order;  // order[k]: the sequence that lies k-th in the pack
  torch::Tensor ids;          // [rows]
  torch::Tensor image_rows;   // [image tokens], rows whose embedding is a visual token
  torch::Tensor row_of;       // [sequences], k of each sequence: the inverse of `order`
  std::vector<PassContext::Rows> dropout_rows;
};

RetrieverModelImpl::RetrieverModelImpl(const ModelConfig& config, const Contract& contract,
                                       Eyes eyes)
    : config_(config),
      pooling_(contract.pooling),
      width_(contract.pooling == Pooling::kVocabulary ? contract.vector_width()
                                                      : config.text.hidden_size),
      normalize_(contract.normalize) {
  if (eyes == Eyes::kWith) {
    vision_ = register_module("vision_model", VisionTower(config.vision, contract.position_ids));
    connector_ = register_module("connector", Connector(config));
  }
  text_ = register_module("text_model", TextModel(config.text, contract.causal));
}

void RetrieverModelImpl::load(const Weights& weights) {
  const torch::NoGradGuard no_grad;
  const auto parameters = named_parameters();
  for (const auto& entry : parameters) {
    const PlacedTensor tensor = weights.placed(entry.key());
    const TensorView& view = tensor.view;
    if (entry.value().sizes() != at::IntArrayRef(view.shape)) {
      fail(ErrorCode::kMismatch, "{} has the shape {}, the model wants {}", entry.key(),
           shape_text(view.shape), shape_text(entry.value().sizes().vec()));
    }
    check_finite(tensor);
    torch::Tensor parameter = entry.value();
    parameter.copy_(borrowed(view));
    release_mapped_pages(view.bytes);
  }
  for (const auto& [name, view] : weights.tensors()) {
    if (name == "lm_head.weight" || parameters.find(name) != nullptr) continue;
    if (vision_ || !is_vision_tensor(name)) {
      fail(ErrorCode::kMismatch, "{} has no place in the model", name);
    }
    check_finite(weights.placed(name));
    release_mapped_pages(view.bytes);
  }
}

torch::Device RetrieverModelImpl::device() const { return parameters().front().device(); }

bool RetrieverModelImpl::vision_trained() const {
  if (!vision_) return false;
  for (const auto& part : {vision_.ptr()->parameters(), connector_.ptr()->parameters()}) {
    for (const torch::Tensor& parameter : part) {
      if (parameter.requires_grad()) return true;
    }
  }
  return false;
}

std::map<std::string, Linear> RetrieverModelImpl::linears() {
  std::map<std::string, Linear> found;
  for (const auto& entry : named_modules()) {
    if (auto linear = std::dynamic_pointer_cast<LinearImpl>(entry.value())) {
      found.emplace(linear->path(), Linear(linear));
    }
  }
  return found;
}

void RetrieverModelImpl::attach(const Adapter& adapter, double dropout) {
  const torch::NoGradGuard no_grad;
  std::map<std::string, Linear> layers = linears();
  for (const auto& [path, module] : adapter.modules) {
    const auto layer = layers.find(path);
    if (layer == layers.end()) {
      fail(ErrorCode::kMismatch, "the adapter has the module {}, which the model lacks", path);
    }
    Linear& linear = layer->second;
    linear->attach({module.rank, module.scale, dropout, !module.magnitude.empty()});
    const auto fill = [](torch::Tensor parameter, const std::vector<float>& values) {
      std::copy(values.begin(), values.end(), parameter.data_ptr<float>());
    };
    fill(linear->lora_a->weight, module.a);
    fill(linear->lora_b->weight, module.b);
    if (!module.magnitude.empty()) fill(linear->magnitude, module.magnitude);
  }
}

RetrieverModelImpl::Pack RetrieverModelImpl::pack(std::span<const Sequence> sequences,
                                                  bool training) const {
  Pack pack;
  pack.order.resize(sequences.size());
  std::iota(pack.order.begin(), pack.order.end(), size_t{0});
  std::stable_sort(pack.order.begin(), pack.order.end(), [&](size_t a, size_t b) {
    return sequences[a].input->ids.size() < sequences[b].input->ids.size();
  });
  std::vector<int64_t> ids, image_rows, row_of(sequences.size());
  for (size_t k = 0; k < pack.order.size(); ++k) {
    const Sequence& sequence = sequences[pack.order[k]];
    const bool seen = !sequence.weights.defined();
    RECTO_CHECK(seen || (pooling_ == Pooling::kVocabulary && sequence.weights.size(0) == 1));
    const int64_t length = static_cast<int64_t>(sequence.input->ids.size());
    std::vector<PackRun>& runs = pack.layout.runs;
    if (runs.empty() || runs.back().length != length) runs.push_back({pack.layout.rows, 0, length});
    ++runs.back().sequences;
    row_of[pack.order[k]] = static_cast<int64_t>(k);
    if (training) pack.dropout_rows.push_back({length, sequence.dropout_seed});
    for (const int32_t id : sequence.input->ids) {
      if (id < 0 || id >= config_.text.vocab_size) {
        fail(ErrorCode::kBadInput, "the token id {} is outside the vocabulary of {} tokens", id,
             config_.text.vocab_size);
      }
      if (seen && id == config_.image_token_id)
        image_rows.push_back(static_cast<int64_t>(ids.size()));
      ids.push_back(id);
    }
    pack.layout.rows += length;
    pack.layout.longest = std::max(pack.layout.longest, length);
  }
  pack.ids = torch::tensor(ids);
  pack.image_rows = torch::tensor(image_rows, torch::kInt64);
  pack.row_of = torch::tensor(row_of);
  return pack;
}

torch::Tensor RetrieverModelImpl::see(const torch::Tensor& pixels, const PassContext& context) {
  RECTO_CHECK(vision_);  // a model without eyes is given features
  vision_views_ += pixels.size(0);
  return connector_(vision_(pixels.to(device()), context), context).flatten(0, 1);
}

void RetrieverModelImpl::set_computation(Precision precision, bool recompute) {
  precision_ = precision;
  recompute_ = recompute;
}

torch::Tensor RetrieverModelImpl::visual_features(const ModelInput& input,
                                                  const ActivationObserver* observer,
                                                  std::optional<Precision> precision) {
  const torch::NoGradGuard no_grad;
  const PassContext context{observer, {}, precision.value_or(precision_)};
  const torch::Tensor pixels = pixel_tensor(image_pointers(input));
  const VisionConfig& vision = config_.vision;
  const int64_t patches =
      static_cast<int64_t>(vision.patches_per_side()) * vision.patches_per_side();
  const int64_t at_once =
      observer != nullptr
          ? pixels.size(0)
          : std::max<int64_t>(1, kVisionActivationBytes / (patches * vision.intermediate_size * 4));
  std::vector<torch::Tensor> parts;
  for (const torch::Tensor& part : pixels.split(at_once)) {
    parts.push_back(see(part, context));
  }
  return torch::cat(parts, 0);
}

torch::Tensor RetrieverModelImpl::features(std::span<const Sequence> sequences, const Pack& pack,
                                           const PassContext& context) {
  // Dropout in the tower must be the same with and without gradients (see ChunkedEncoder).
  const bool training = !context.dropout_rows.empty();
  const bool together = vision_trained() && (training || torch::GradMode::is_enabled());
  std::vector<const Views*> images;
  std::vector<torch::Tensor> parts;
  PassContext vision_context{context.observer, {}, precision_, recompute_};
  for (const size_t k : pack.order) {
    const Sequence& sequence = sequences[k];
    if (sequence.weights.defined()) continue;
    if (sequence.features.defined()) {
      parts.push_back(sequence.features.to(device(), torch::kFloat32));
    } else if (!sequence.input->images.empty() && !together) {
      parts.push_back(visual_features(*sequence.input, context.observer));
    } else if (!sequence.input->images.empty()) {
      for (const Views& views : sequence.input->images) images.push_back(&views);
      if (training) {
        vision_context.dropout_rows.push_back(
            {sequence.input->view_count(), derived_seed(sequence.dropout_seed, 1)});
      }
    }
  }
  if (!images.empty()) {
    RECTO_CHECK(parts.empty());  // given features and a trained tower cannot go together
    return see(pixel_tensor(images), vision_context);
  }
  return parts.empty() ? torch::zeros({0, config_.text.hidden_size}, device())
                       : torch::cat(parts, 0);
}

torch::Tensor RetrieverModelImpl::pooled(const torch::Tensor& hidden, const Pack& pack) const {
  std::vector<torch::Tensor> vectors;
  for (const PackRun& run : pack.layout.runs) {
    const torch::Tensor rows = hidden.narrow(0, run.first_row, run.sequences * run.length)
                                   .view({run.sequences, run.length, hidden.size(1)});
    vectors.push_back(pooling_ == Pooling::kMean ? rows.mean(1) : rows.select(1, run.length - 1));
  }
  const torch::Tensor all =
      torch::cat(vectors, 0).to(torch::kFloat32).index_select(0, pack.row_of.to(hidden.device()));
  return normalized(all);
}

torch::Tensor RetrieverModelImpl::normalized(const torch::Tensor& vectors) const {
  if (!normalize_) return vectors;
  return vectors / vectors.norm(2, -1, /*keepdim=*/true).clamp_min(1e-12);
}

torch::Tensor RetrieverModelImpl::from_vocabulary(std::span<const Sequence> sequences,
                                                  const torch::Tensor& weights) {
  torch::Tensor words = torch::zeros(weights.sizes());
  torch::Tensor of_page = torch::zeros({weights.size(0)});
  for (size_t i = 0; i < sequences.size(); ++i) {
    const auto row = static_cast<int64_t>(i);
    const bool page = sequences[i].weights.defined() || visual_tokens(sequences[i]) > 0;
    put_into_row(words, row, sequences[i].input->words);
    of_page.data_ptr<float>()[row] = page ? 1.0F : 0.0F;
  }
  return normalized(sparse_->dense(weights + words.to(device()), of_page.to(device())));
}

torch::Tensor RetrieverModelImpl::run(std::span<const Sequence> sequences, bool training,
                                      const ActivationObserver* observer, bool with_sparse) {
  const Pack packed = pack(sequences, training);
  const PassContext context{observer, packed.dropout_rows, precision_, recompute_};
  const torch::Tensor visual = features(sequences, packed, context);
  if (visual.size(0) != packed.image_rows.size(0)) {
    fail(ErrorCode::kMismatch, "{} image tokens among the ids, but the views make {} visual tokens",
         packed.image_rows.size(0), visual.size(0));
  }
  const bool vocabulary = pooling_ == Pooling::kVocabulary;
  torch::Tensor weights;
  if (vocabulary || with_sparse) weights = weighed(sequences, packed, visual);
  const torch::Tensor vectors = vocabulary ? from_vocabulary(sequences, weights)
                                           : pooled(states(packed, visual, context), packed);
  if (!with_sparse) return vectors;
  return torch::cat({vectors, training ? weights : sparse_->largest(weights)}, 1);
}

torch::Tensor RetrieverModelImpl::states(const Pack& pack, const torch::Tensor& visual,
                                         const PassContext& context) {
  torch::Tensor x = text_->embed(pack.ids.to(device()));
  if (visual.size(0) > 0) x = x.index_copy(0, pack.image_rows.to(device()), visual);
  context.show("inputs_embeds", x);
  return text_(x, pack.layout, context);
}

int64_t RetrieverModelImpl::visual_tokens(const Sequence& sequence) const {
  if (sequence.weights.defined()) return 0;
  const std::vector<int32_t>& ids = sequence.input->ids;
  return std::count(ids.begin(), ids.end(), config_.image_token_id);
}

torch::Tensor RetrieverModelImpl::forward(std::span<const Sequence> sequences, bool training,
                                          const ActivationObserver* observer) {
  return run(sequences, training, observer, /*with_sparse=*/false);
}

torch::Tensor RetrieverModelImpl::outputs(std::span<const Sequence> sequences, bool training) {
  return run(sequences, training, nullptr, !sparse_.is_empty());
}

int64_t RetrieverModelImpl::output_width() const {
  return width_ + (sparse_.is_empty() ? 0 : config_.text.vocab_size);
}

void RetrieverModelImpl::attach_sparse(const SparseHead& head, const SparseOutput& output) {
  sparse_ = register_module("sparse_head", SparseWeights(head, config_, output));
}

torch::Tensor RetrieverModelImpl::sparse_rows(std::span<const Sequence> sequences) {
  const torch::NoGradGuard no_grad;
  const Pack packed = pack(sequences, /*training=*/false);
  return sparse_->largest(weighed(sequences, packed, features(sequences, packed, PassContext{})));
}

bool RetrieverModelImpl::weights_are_constant() const {
  return pooling_ == Pooling::kVocabulary && !sparse_.is_empty() && !vision_trained() &&
         !text_->table().requires_grad() && !sparse_->is_trained();
}

torch::Tensor RetrieverModelImpl::picture_weights(const ModelInput& input) {
  const torch::NoGradGuard no_grad;
  const torch::Tensor visual = visual_features(input, nullptr, Precision::kFp32);
  const std::vector<Edges> edges = {tokens_by_edge(input, visual.size(0))};
  return sparse_(visual, edges, text_->table());
}

torch::Tensor RetrieverModelImpl::weighed(std::span<const Sequence> sequences, const Pack& pack,
                                          const torch::Tensor& visual) {
  std::vector<Edges> edges;  // of those whose weights are not known
  std::vector<torch::Tensor> rows;
  int64_t first = 0;
  for (const size_t k : pack.order) {
    const int64_t count = visual_tokens(sequences[k]);
    if (count == 0) continue;
    for (auto& runs : edges.emplace_back(tokens_by_edge(*sequences[k].input, count))) {
      for (TokenRun& run : runs) run.first += first;
    }
    first += count;
  }
  if (!edges.empty()) rows.push_back(sparse_(visual, edges, text_->table()));
  // Behind them the known ones, and a row of zeros that stands for every input without images.
  int64_t seen = 0, given = static_cast<int64_t>(edges.size());
  std::vector<int64_t> row_of(sequences.size(), -1);
  for (const size_t k : pack.order) {
    if (sequences[k].weights.defined()) {
      row_of[k] = given++;
      rows.push_back(sequences[k].weights.to(device(), torch::kFloat32));
    } else if (visual_tokens(sequences[k]) > 0) {
      row_of[k] = seen++;
    }
  }
  rows.push_back(torch::zeros({1, config_.text.vocab_size}, device()));
  for (int64_t& row : row_of) row = row < 0 ? given : row;
  return torch::cat(rows, 0).index_select(0, torch::tensor(row_of, torch::kInt64).to(device()));
}

}  // namespace recto
