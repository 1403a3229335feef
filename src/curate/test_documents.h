#pragma once
// The documents that --test-documents means.

#include <string>
#include <vector>

#include "curate/sources.h"

namespace recto {

/// Whether one of `patterns` matches the document, by its own place or that of a copy.
bool is_test_document(const std::vector<std::string>& patterns, const Source& document);

/// Throws Error(kUsage) for a pattern that matches none of the listed files: a slip of the pen,
/// which would leave the test empty unnoticed.
void check_test_patterns(const std::vector<std::string>& patterns, const SourceList& files);

/// Warns of each pattern that matches none of `documents`: the files it names were left out.
void warn_of_unused_patterns(const std::vector<std::string>& patterns,
                             const std::vector<const Source*>& documents);

}  // namespace recto
