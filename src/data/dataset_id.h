#pragma once
// Which state of which dataset: what a review was made of.

#include <filesystem>
#include <string>

#include "base/json.h"

namespace recto {

/// SHA-256 of the canonical JSON (RFC 8785) of the manifest's "tables": the paths, sizes and hashes
/// of all table files. 64 hexadecimal digits. Throws Error(kBadInput) when there is no such key.
std::string dataset_id(const Json& manifest);

/// The manifest of the dataset in `directory`. Throws Error(kNotFound | kBadInput | kUnsupported)
/// saying what is there instead.
Json read_manifest_of(const std::filesystem::path& directory);

}  // namespace recto
