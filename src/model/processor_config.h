#pragma once
// The processor files of a checkpoint: how a page becomes views, and how many tokens a view has.

#include <filesystem>

#include "model/config.h"
#include "model/views.h"

namespace recto {

struct ProcessorConfig {
  ViewSettings views;
  int image_seq_len = 0;
};

/// True when `model_directory` has a file that says how images are processed.
bool has_processor_config(const std::filesystem::path& model_directory);

/// The image processor nested in processor_config.json (transformers 5) if it is there, else
/// preprocessor_config.json. Throws Error(kNotFound) when there is neither, Error(kBadInput |
/// kUnsupported) naming the field for a size that is missing or a step recto does differently
/// (another mean, scale, resampling or processor), Error(kMismatch) when the tile is not the
/// model's image_size or image_seq_len not its number of visual tokens a tile.
ProcessorConfig read_processor_config(const std::filesystem::path& model_directory,
                                      const ModelConfig& config);

/// Writes preprocessor_config.json and processor_config.json, which say the same, so that every
/// version of transformers reads the same settings.
void write_processor_config(const std::filesystem::path& model_directory,
                            const ProcessorConfig& processor);

}  // namespace recto
