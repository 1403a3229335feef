#pragma once
// A model of a few kilobytes, for tests that break it in every way.

#include <cmath>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/json.h"
#include "model/config.h"
#include "model/safetensors.h"
#include "model/weights.h"

namespace recto::test {

/// config.json of the tiny model: one layer in each tower, 4 visual tokens a tile.
inline Json tiny_config() {
  return parse_json(R"({
    "model_type": "smolvlm", "architectures": ["SmolVLMForConditionalGeneration"],
    "dtype": "float32", "image_token_id": 3, "scale_factor": 2, "tie_word_embeddings": false,
    "vision_config": {"hidden_size": 8, "intermediate_size": 12, "num_hidden_layers": 1,
                      "num_attention_heads": 2, "image_size": 16, "patch_size": 4},
    "text_config": {"model_type": "llama", "vocab_size": 40, "hidden_size": 12,
                    "intermediate_size": 20, "num_hidden_layers": 2, "num_attention_heads": 3,
                    "num_key_value_heads": 1, "max_position_embeddings": 64,
                    "rms_norm_eps": 1e-5, "rope_theta": 10000, "hidden_act": "silu"}
  })",
                    "tiny config");
}

struct TinyTensor {
  DType dtype = DType::kF32;
  std::vector<int64_t> shape;
};
using TinyTensors = std::map<std::string, TinyTensor>;

/// Names (canonical, the head among them) and shapes of the tiny model's tensors.
inline TinyTensors tiny_tensors() {
  TinyTensors tensors;
  for (const auto& [name, shape] : expected_tensors(parse_model_config(tiny_config(), "tiny"))) {
    tensors[name] = {DType::kF32, shape};
  }
  tensors["lm_head.weight"] = {DType::kF32, {40, 12}};
  return tensors;
}

/// Values that depend on the canonical name alone, whatever the file layout.
inline std::vector<float> tiny_values(const std::string& canonical, int64_t count) {
  std::vector<float> values(static_cast<size_t>(count));
  const double phase = static_cast<double>(std::hash<std::string>{}(canonical) % 1000);
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<float>(0.2 * std::sin(phase + 0.7 * static_cast<double>(i)));
  }
  return values;
}

/// Writes `tensors` (names as they shall stand in the file) with tiny_values.
inline void write_tiny_tensors(const std::filesystem::path& file, const TinyTensors& tensors) {
  SafetensorsWriter writer;
  for (const auto& [name, tensor] : tensors) {
    writer.add(name, tensor.dtype, tensor.shape, [&](std::span<std::byte> out) {
      const size_t count = out.size() / dtype_size(tensor.dtype);
      const auto values = tiny_values(canonical_tensor_name(name), static_cast<int64_t>(count));
      const DType dtype = dtype_size(tensor.dtype) == 4 ? DType::kF32
                          : tensor.dtype == DType::kF16 ? DType::kF16
                                                        : DType::kBF16;
      if (dtype_size(tensor.dtype) == dtype_size(dtype)) from_float(values, dtype, out);
    });
  }
  writer.write(file);
}

/// The tensors with every name sent through `rename`.
inline TinyTensors renamed(const TinyTensors& tensors,
                           const std::function<std::string(const std::string&)>& rename) {
  TinyTensors result;
  for (const auto& [name, tensor] : tensors) result[rename(name)] = tensor;
  return result;
}

}  // namespace recto::test
