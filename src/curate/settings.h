#pragma once
// The options of a curation as JSON: for the manifest, for shards, and to know whether a stopped
// run may be gone on with.

#include <string>

#include "base/json.h"
#include "curate/curate.h"
#include "curate/curation_tools.h"

namespace recto {

/// What the manifest says of the endpoint that is asked, or was asked for shards; null for none.
Json endpoint_json(const CurateOptions& options);

/// Every option that decides the content of the dataset.
Json settings_json(const CurateOptions& options);
/// The inverse; options that decide nothing keep their defaults, and the endpoint, which is asked
/// no more, is merged_endpoint. Throws Error(kBadInput) naming `where` and the field.
CurateOptions read_settings(const Json& json, const std::string& where);

/// What decides the record of a document: some of the settings, and the tools that read it.
Json ingest_settings(const CurateOptions& options, const CurationTools& tools);

}  // namespace recto
