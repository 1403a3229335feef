#include "data/feature_key.h"

#include <span>
#include <vector>

#include "base/mapped_pages.h"
#include "model/tensor_hash.h"

namespace recto {
namespace {

Json vision_json(const ModelConfig& config) {
  const VisionConfig& vision = config.vision;
  return {{"hidden_size", vision.hidden_size},
          {"intermediate_size", vision.intermediate_size},
          {"num_hidden_layers", vision.num_hidden_layers},
          {"num_attention_heads", vision.num_attention_heads},
          {"image_size", vision.image_size},
          {"patch_size", vision.patch_size},
          {"layer_norm_eps", vision.layer_norm_eps},
          {"scale_factor", config.scale_factor}};
}

void hash_as_floats(Sha256& hash, const std::string& name, const TensorView& tensor) {
  const std::vector<float> values = to_float(tensor);
  hash_tensor(hash, name, {DType::kF32, tensor.shape, std::as_bytes(std::span(values))});
  release_mapped_pages(tensor.bytes);
}

}  // namespace

std::string vision_weights_sha256(const Weights& weights) {
  Sha256 hash;
  for (const auto& [name, tensor] : weights.tensors()) {
    if (!is_vision_tensor(name)) continue;
    hash_as_floats(hash, name, tensor);
  }
  return hash.hex();
}

Json feature_key(const ModelDirectory& model, const std::string& vision_sha256, int longest_edge,
                 DType dtype, const Json& weights) {
  Json key = {{"format_version", 1},
              {"dtype", dtype_name(dtype)},
              {"precision", "fp32"},
              {"vision_weights_sha256", vision_sha256},
              {"vision", vision_json(model.config())},
              {"width", model.config().text.hidden_size},
              {"longest_edge", longest_edge}};
  const Json contract = model.contract().to_json();
  for (const char* name :
       {"tile", "image_splitting", "resample", "resample_order", "position_ids"}) {
    key[name] = contract.at(name);
  }
  if (contract.contains("second_edge")) key["second_edge"] = contract.at("second_edge");
  if (!weights.is_null()) key["weights"] = weights;
  return key;
}

Json weights_key(const ModelDirectory& model, SparseHead head, const SparseOutput& output) {
  Sha256 table;
  const std::string name = "text_model.embed_tokens.weight";
  hash_as_floats(table, name, model.weights().at(name));
  for (auto* dense : {&head.dense, &head.page_bias, &head.text_bias}) dense->clear();
  return {{"embeddings_sha256", table.hex()},
          {"head_sha256", sparse_head_sha256(head, model.config())},
          {"saturation", output.saturation},
          {"gain", output.gain},
          {"candidates", output.candidates}};
}

}  // namespace recto
