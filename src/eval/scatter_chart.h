#pragma once
// Two systems query by query.

#include <string>

#include "eval/systems.h"

namespace recto {

/// A panel with a circle for the queries that have the same two values of `metric` (to 1/50),
/// larger for more of them; above the diagonal `second` is better. "" without a query of both.
std::string scatter_chart(const SystemResult& first, const SystemResult& second,
                          const std::string& metric);

}  // namespace recto
