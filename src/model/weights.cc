#include "model/weights.h"

#include <algorithm>
#include <regex>
#include <utility>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/sha256.h"
#include "model/tensor_hash.h"
#include "model/weight_files.h"

namespace recto {
namespace {

using Shapes = std::map<std::string, std::vector<int64_t>>;

constexpr const char* kHead = "lm_head.weight";
constexpr const char* kPatchEmbedding = "vision_model.embeddings.patch_embedding.weight";

void add_linear(Shapes& shapes, const std::string& path, int64_t out, int64_t in) {
  shapes[path + ".weight"] = {out, in};
  shapes[path + ".bias"] = {out};
}

void add_layer_norm(Shapes& shapes, const std::string& path, int64_t width) {
  shapes[path + ".weight"] = {width};
  shapes[path + ".bias"] = {width};
}

void add_vision(Shapes& shapes, const VisionConfig& vision) {
  const int64_t width = vision.hidden_size;
  const int64_t patch = vision.patch_size;
  const int64_t side = vision.patches_per_side();
  shapes[kPatchEmbedding] = {width, 3, patch, patch};
  shapes["vision_model.embeddings.patch_embedding.bias"] = {width};
  shapes["vision_model.embeddings.position_embedding.weight"] = {side * side, width};
  for (int i = 0; i < vision.num_hidden_layers; ++i) {
    const std::string layer = fmt::format("vision_model.encoder.layers.{}.", i);
    add_layer_norm(shapes, layer + "layer_norm1", width);
    add_layer_norm(shapes, layer + "layer_norm2", width);
    for (const char* name : {"q_proj", "k_proj", "v_proj", "out_proj"}) {
      add_linear(shapes, layer + "self_attn." + name, width, width);
    }
    add_linear(shapes, layer + "mlp.fc1", vision.intermediate_size, width);
    add_linear(shapes, layer + "mlp.fc2", width, vision.intermediate_size);
  }
  add_layer_norm(shapes, "vision_model.post_layernorm", width);
}

void add_text(Shapes& shapes, const TextConfig& text) {
  const int64_t width = text.hidden_size;
  const int64_t inner = text.intermediate_size;
  const int64_t queries = int64_t{text.num_attention_heads} * text.head_dim;
  const int64_t keys = int64_t{text.num_key_value_heads} * text.head_dim;
  shapes["text_model.embed_tokens.weight"] = {text.vocab_size, width};
  for (int i = 0; i < text.num_hidden_layers; ++i) {
    const std::string layer = fmt::format("text_model.layers.{}.", i);
    shapes[layer + "input_layernorm.weight"] = {width};
    shapes[layer + "post_attention_layernorm.weight"] = {width};
    shapes[layer + "self_attn.q_proj.weight"] = {queries, width};
    shapes[layer + "self_attn.k_proj.weight"] = {keys, width};
    shapes[layer + "self_attn.v_proj.weight"] = {keys, width};
    shapes[layer + "self_attn.o_proj.weight"] = {width, queries};
    shapes[layer + "mlp.gate_proj.weight"] = {inner, width};
    shapes[layer + "mlp.up_proj.weight"] = {inner, width};
    shapes[layer + "mlp.down_proj.weight"] = {width, inner};
  }
  shapes["text_model.norm.weight"] = {width};
}

// Buffers of older transformers versions; their values follow from the sizes.
bool is_known_buffer(const std::string& name) {
  static const std::regex pattern(
      R"(text_model\.(layers\.\d{1,4}\.self_attn\.)?rotary_emb\.inv_freq|)"
      R"(vision_model\.embeddings\.position_ids)");
  return name.size() < 80 && std::regex_match(name, pattern);
}

std::string surplus_hint(const std::string& name) {
  if (name == "linear.weight" || name == "linear.bias" || name.starts_with("custom_text_proj")) {
    return " It is the projection of a late-interaction model (ColIdefics3, colSmol), which makes "
           "many vectors a page; recto reads single-vector models.";
  }
  if (name.find("lora_") != std::string::npos) {
    return " It belongs to an adapter; keep it in an adapter directory, or merge it.";
  }
  return " The configuration describes another model than the weights.";
}

bool is_float(DType dtype) {
  return dtype == DType::kF32 || dtype == DType::kF16 || dtype == DType::kBF16;
}

}  // namespace

std::map<std::string, std::vector<int64_t>> expected_tensors(const ModelConfig& config) {
  Shapes shapes;
  add_vision(shapes, config.vision);
  const int64_t block = int64_t{config.scale_factor} * config.scale_factor;
  shapes["connector.modality_projection.proj.weight"] = {config.text.hidden_size,
                                                         config.vision.hidden_size * block};
  add_text(shapes, config.text);
  return shapes;
}

bool is_vision_tensor(const std::string& name) {
  return name.starts_with("vision_model.") || name.starts_with("connector.");
}

std::string canonical_tensor_name(const std::string& name) {
  if (name.starts_with("language_model.model.")) return "text_model." + name.substr(21);
  if (name.starts_with("language_model.lm_head.")) return name.substr(15);
  if (name.starts_with("model.")) return name.substr(6);
  return name;
}

/// Gathers the tensors of the files of one directory into a Weights.
class WeightsLoader {
 public:
  WeightsLoader(const ModelConfig& config, Weights& weights)
      : shapes_(expected_tensors(config)), weights_(weights) {
    shapes_[kHead] = {config.text.vocab_size, config.text.hidden_size};
  }

  void add_files(const std::vector<WeightFile>& files) {
    for (const WeightFile& file : files) {
      weights_.files_.push_back(file.path);
      weights_.sources_.push_back(file.content);
      for (const auto& [name, tensor] : file.content->tensors()) {
        is_mlx_ = is_mlx_ || name.starts_with("language_model.");
      }
    }
    for (const WeightFile& file : files) {
      for (const auto& [name, tensor] : file.content->tensors()) add(file, name, tensor);
    }
  }

  void check_complete(const std::filesystem::path& directory) const {
    std::vector<std::string> missing;
    for (const auto& [name, shape] : shapes_) {
      if (name != kHead && !weights_.contains(name)) missing.push_back(name);
    }
    if (missing.empty()) return;
    fail(ErrorCode::kBadInput, "{}: the weights lack the tensor \"{}\" {}{}", directory.string(),
         missing.front(), shape_text(shapes_.at(missing.front())),
         missing.size() == 1 ? std::string() : fmt::format(" and {} more", missing.size() - 1));
  }

 private:
  void add(const WeightFile& file, const std::string& name, TensorView tensor) {
    const std::string canonical = canonical_tensor_name(name);
    if (is_known_buffer(canonical)) return;
    const std::string place = fmt::format("{}: tensor \"{}\"", file.path.string(), name);
    const auto expected = shapes_.find(canonical);
    if (expected == shapes_.end()) {
      fail(ErrorCode::kBadInput, "{} is no tensor of this model.{}", place,
           surplus_hint(canonical));
    }
    if (!is_float(tensor.dtype)) {
      fail(ErrorCode::kBadInput, "{} is of dtype {}; F32, F16 or BF16 is wanted", place,
           dtype_name(tensor.dtype));
    }
    if (is_mlx_ && canonical == kPatchEmbedding) channels_first(tensor, expected->second);
    if (tensor.shape != expected->second) {
      fail(ErrorCode::kBadInput, "{} is {}; the configuration wants {}", place,
           shape_text(tensor.shape), shape_text(expected->second));
    }
    if (!weights_.tensors_.emplace(canonical, std::move(tensor)).second) {
      fail(ErrorCode::kBadInput, "{} stands twice: with and without a prefix, or in two shards",
           place);
    }
    weights_.places_[canonical] = place;
  }

  // MLX keeps convolution weights as [out, height, width, in].
  void channels_first(TensorView& tensor, const std::vector<int64_t>& wanted) {
    const std::vector<int64_t> channels_last = {wanted[0], wanted[2], wanted[3], wanted[1]};
    if (tensor.shape != channels_last || tensor.shape == wanted) return;
    const size_t size = dtype_size(tensor.dtype);
    const size_t channels = static_cast<size_t>(wanted[1]);
    const size_t pixels = static_cast<size_t>(wanted[2] * wanted[3]);
    auto bytes = std::make_shared<std::vector<std::byte>>(tensor.bytes.size());
    for (size_t i = 0; i < tensor.bytes.size() / size; ++i) {
      const size_t channel = i % channels;
      const size_t pixel = i / channels % pixels;
      const size_t target = (i / (channels * pixels) * channels + channel) * pixels + pixel;
      std::copy_n(tensor.bytes.begin() + i * size, size, bytes->begin() + target * size);
    }
    tensor.shape = wanted;
    tensor.bytes = *bytes;
    weights_.owners_.push_back(std::move(bytes));
  }

  Shapes shapes_;
  Weights& weights_;
  bool is_mlx_ = false;
};

Weights Weights::load(const std::filesystem::path& model_directory, const ModelConfig& config) {
  Weights weights;
  WeightsLoader loader(config, weights);
  loader.add_files(open_weight_files(model_directory));
  loader.check_complete(model_directory);
  return weights;
}

const TensorView& Weights::at(const std::string& name) const {
  const auto found = tensors_.find(name);
  if (found == tensors_.end()) fail(ErrorCode::kNotFound, "the weights hold no \"{}\"", name);
  return found->second;
}

PlacedTensor Weights::placed(const std::string& name) const { return {at(name), places_.at(name)}; }

void Weights::replace(const std::string& name, std::vector<float> values) {
  const auto found = tensors_.find(name);
  RECTO_CHECK(found != tensors_.end());
  RECTO_CHECK(static_cast<int64_t>(values.size()) == found->second.elements());
  auto owned = std::make_shared<std::vector<float>>(std::move(values));
  found->second.dtype = DType::kF32;
  found->second.bytes = std::as_bytes(std::span<const float>(*owned));
  owners_.push_back(std::move(owned));
}

void Weights::release(std::span<const std::byte> bytes) const {
  for (const auto& source : sources_) source->release(bytes);
}

std::string Weights::sha256() const {
  Sha256 hash;
  for (const auto& [name, tensor] : tensors_) {
    hash_tensor(hash, name, tensor, [this](std::span<const std::byte> bytes) { release(bytes); });
  }
  return hash.hex();
}

}  // namespace recto
