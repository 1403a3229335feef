#pragma once
// Options of eval and compare: how intervals and p values are drawn.

#include <CLI/CLI.hpp>

#include "eval/significance.h"

namespace recto {

inline constexpr const char* kStatisticsGroup = "Statistics";

/// --seed, --resamples, --permutations.
void add_resampling_options(CLI::App& app, Resampling& resampling);

}  // namespace recto
