#pragma once
// Why each item was kept or dropped.

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "data/dataset.h"

namespace recto {

/// Collects the rows of the audit table in order. Not thread-safe: stages that run in parallel
/// keep one for each document and append them in order.
class Audit {
 public:
  void keep(std::string item, std::string stage, std::string reason, double score = 0,
            double threshold = 0) {
    rows_.push_back(
        {std::move(item), std::move(stage), "kept", std::move(reason), score, threshold});
  }
  void drop(std::string item, std::string stage, std::string reason, double score = 0,
            double threshold = 0) {
    rows_.push_back(
        {std::move(item), std::move(stage), "dropped", std::move(reason), score, threshold});
  }
  void append(Audit&& other) {
    rows_.insert(rows_.end(), std::make_move_iterator(other.rows_.begin()),
                 std::make_move_iterator(other.rows_.end()));
    other.rows_.clear();
  }

  const std::vector<AuditRow>& rows() const { return rows_; }

 private:
  std::vector<AuditRow> rows_;
};

}  // namespace recto
