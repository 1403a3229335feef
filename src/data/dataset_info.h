#pragma once
// What is in a dataset, counted from its tables.

#include <filesystem>
#include <string>

#include "base/json.h"

namespace recto {

/// {"path", "dataset" (its id, data/dataset_id.h), "tables": {TABLE: {SPLIT: {"rows", "files",
/// "bytes"}}}, "documents": {"families", "licences", "languages"}, "pages": {"languages",
/// "content_classes", "text_sources", "near_groups", "width", "height": {"min",
/// "median", "max"}}, "queries": {"languages", "kinds", "methods"}, "answers_per_query",
/// "negatives_per_query", "audit": {STAGE: {"kept", "dropped"}}, "settings", "tools", "stages",
/// "reviews", "forgotten"}: the last five as the manifest has them, null without one. Counts by
/// value are objects {VALUE: ROWS}. Throws what Dataset::open does.
Json dataset_info(const std::filesystem::path& directory);

/// The same as lines for people.
std::string describe_dataset(const Json& info);

}  // namespace recto
