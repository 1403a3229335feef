#pragma once
// What people call a directory.

#include <filesystem>
#include <string>

namespace recto {

/// The last part of the path, made absolute first: "data" for "runs/data/" and for "." in it.
std::string directory_name(const std::filesystem::path& path);

}  // namespace recto
