#pragma once
// Queries to look at: where the first system is worst and best beside its rival.

#include <cstddef>
#include <string>
#include <vector>

#include "eval/report.h"

namespace recto {

/// A query with the page that answers it and the one that was found first.
struct EvalExample {
  std::string query_id;
  double first = 0, second = 0;  ///< values of the two systems
  std::string wanted;            ///< page id
  std::string found;             ///< page id, "" when nothing was found
};

/// The `most` queries on which the first system loses most against its rival (`wins`: gains most),
/// ties by query id; without one those on which it is worst (best). Only real losses
/// and wins.
std::vector<EvalExample> eval_examples(const EvalReport& report, bool wins, size_t most);

/// The section of report.html.
std::string report_examples(const EvalReport& report, const PagePicture& picture);

}  // namespace recto
