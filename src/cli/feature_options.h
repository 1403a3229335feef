#pragma once
// The options about a feature store (data/feature_store.h).

#include <CLI/CLI.hpp>
#include <string>

namespace recto {

/// --feature-store and --feature-dtype; `what` is what --help says of the directory.
void add_feature_options(CLI::App& app, std::string& store, std::string& dtype,
                         const std::string& what);

}  // namespace recto
