#pragma once
// The models that come with recto, which is what a command uses when none is named.

#include <filesystem>
#include <string>

namespace recto {

/// Finds pages: what embedding and searching start with.
inline constexpr const char* kNanoRetriever = "nano-retriever";
/// Reads pages: what training starts from.
inline constexpr const char* kNanoBase = "nano";

/// Directory of the model `name` that comes with recto: in ../share/recto/models as seen from this
/// program, or in models/ of the sources it was built from. Empty when there is none.
std::filesystem::path find_shipped_model(const std::string& name);

/// The same. Throws Error(kNotFound) that says where it was looked for and what to do.
std::filesystem::path shipped_model(const std::string& name);

/// The name of the model that comes with recto and lies in `directory`; empty when none does.
std::string shipped_model_name(const std::filesystem::path& directory);

}  // namespace recto
