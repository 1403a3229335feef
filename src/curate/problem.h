#pragma once
// Why an item is dropped: what a row of the audit says (curate/audit.h).

#include <string>

namespace recto {

struct Problem {
  std::string reason;
  double score = 0;  ///< the number behind the reason, 0 when there is none
  double threshold = 0;

  bool operator==(const Problem&) const = default;
};

}  // namespace recto
