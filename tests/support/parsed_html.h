#pragma once
// What Python's parser sees of an HTML file.

#include <string>

#include "base/json.h"

namespace recto::test {

/// {"open": elements without an end, "tags": {name: count}, "bad": attributes that start scripts
/// or style, and ends that do not nest, "sources": values of src, href and action, "samples":
/// attributes and "text" (of their .query) of the elements of class sample, "ids", "text": all of
/// it but script and style}.
Json parsed_html(const std::string& html);

}  // namespace recto::test
