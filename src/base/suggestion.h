#pragma once
// What somebody who mistyped a name may have meant.

#include <string>
#include <vector>

namespace recto {

/// The name of `known` that is nearest to `found` by insertions, deletions, substitutions and
/// swaps of neighbours, case aside; "" when none is within a third of its letters (one at least).
/// The first one wins a tie.
std::string nearest_name(const std::string& found, const std::vector<std::string>& known);

/// "; did you mean \"NAME\"?", to be put behind an error message, or "".
std::string did_you_mean(const std::string& found, const std::vector<std::string>& known);

}  // namespace recto
