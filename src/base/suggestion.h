#pragma once
// What was probably meant by a misspelt name.

#include <string>
#include <vector>

namespace recto {

/// " (did you mean \"NAME\"?)" with the known name that is nearest to `name`, by letters added,
/// left out, changed or swapped with the next one, of which at most a third of its letters may be;
/// "" when none is near. The first of equally near ones is taken.
std::string suggestion(const std::string& name, const std::vector<std::string>& known);

}  // namespace recto
