#pragma once
// The documents that --test-documents and --validation-documents name.

#include <string>
#include <vector>

#include "curate/sources.h"

namespace recto {

/// Whether one of `patterns` matches the document, by its own place or that of a copy.
bool is_named(const std::vector<std::string>& patterns, const Source& document);

/// Throws Error(kUsage) for a pattern of documents of `split` that matches none of the listed
/// files: a slip of the pen, which would leave the split empty unnoticed.
void check_patterns(const std::vector<std::string>& patterns, const std::string& split,
                    const SourceList& files);

/// Warns of each pattern that matches none of `documents`: the files it names were left out.
void warn_of_unused_patterns(const std::vector<std::string>& patterns, const std::string& split,
                             const std::vector<const Source*>& documents);

}  // namespace recto
