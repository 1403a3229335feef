#pragma once
// Exactly what a model sees, and every activation on the way, as tensors in a file.

#include <filesystem>

#include "base/json.h"
#include "model/embedder.h"
#include "model/input.h"
#include "model/model_directory.h"

namespace recto {

/// The input of a chat: `messages` in the form of Hugging Face templates, where an image item names
/// its file in "path", "image" or "url" (relative to `directory`; decoded in the page worker).
/// Throws Error(kBadInput) naming `where` and the item, and what reading the images throws; an
/// address with http:// or https:// is refused.
ModelInput chat_input(const ModelDirectory& model, const Json& messages, bool add_generation_prompt,
                      const std::filesystem::path& directory, const std::string& where);

/// Writes a safetensors file with `input_ids` int32 [n]; with images also `pixel_values` fp32
/// [views, 3, T, T]; and `grid` int32 [2] (rows, columns of tiles; 0, 0 for an unsplit image or
/// none), or [images, 2] for several images. With `embedder` all activations of the forward pass
/// are added under their names. Metadata `contract` holds the hash. Throws Error(kIo).
void write_inspection(const ModelDirectory& model, const ModelInput& input, Embedder* embedder,
                      const std::filesystem::path& file);

}  // namespace recto
