#pragma once
// Parameters in safetensors files, fp32, by name.

#include <filesystem>
#include <vector>

#include "learn/optimizer.h"

namespace recto {

/// Throws Error(kIo).
void write_parameters(const std::filesystem::path& path,
                      const std::vector<NamedParameter>& parameters);

/// Reads values in place. Throws Error(kBadInput) for a file that is damaged, Error(kMismatch)
/// naming the tensor whose shape differs, Error(kNotFound) for one that is missing.
void read_parameters(const std::filesystem::path& path,
                     const std::vector<NamedParameter>& parameters);

/// Puts the mean of several files' values in place, summed in fp64 in the order of the files.
void read_mean_parameters(const std::vector<std::filesystem::path>& paths,
                          const std::vector<NamedParameter>& parameters);

}  // namespace recto
