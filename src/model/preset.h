#pragma once
// Random-weight models of the published sizes, for benchmarks, loader tests and training from
// nothing ("recto model create").

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "model/config.h"

namespace recto {

/// {"nano", "256m", "500m", "2.2b"}
std::vector<std::string> preset_names();

/// Sizes of a preset; image_token_id is not set. Throws Error(kUsage) for an unknown name.
ModelConfig preset_config(const std::string& preset);

/// Writes a complete Hugging Face directory with weights drawn from `seed` (normal, standard
/// deviation 0.02, norms 1, biases 0; bf16, nano fp32). Throws Error(kUsage) for an unknown name or
/// an existing directory. Same name and seed, same bytes. With `tokenizer`, the path of a
/// tokenizer.json, the model has that one and as many embeddings as it has ids. Throws
/// Error(kBadInput | kUnsupported) for one that is ill-formed, of another kind or without SmolVLM's
/// tokens.
void create_model(const std::string& preset, uint64_t seed, const std::filesystem::path& directory,
                  const std::filesystem::path& tokenizer = {});

}  // namespace recto
