#pragma once
// Why each item was kept or dropped.

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "data/dataset.h"

namespace recto {

/// Takes the rows of the audit table in order: collects them, or hands each on. Not thread-safe:
/// stages that run in parallel keep one for each document and append them in order.
class Audit {
 public:
  using Sink = std::function<void(AuditRow&&)>;

  Audit() = default;
  /// Rows go to `sink` and are not kept: for tables that may be large.
  explicit Audit(Sink sink) : sink_(std::move(sink)) {}

  void add(AuditRow row) {
    if (sink_) {
      sink_(std::move(row));
    } else {
      rows_.push_back(std::move(row));
    }
  }
  void keep(std::string item, std::string stage, std::string reason, double score = 0,
            double threshold = 0) {
    add({std::move(item), std::move(stage), "kept", std::move(reason), score, threshold});
  }
  void drop(std::string item, std::string stage, std::string reason, double score = 0,
            double threshold = 0) {
    add({std::move(item), std::move(stage), "dropped", std::move(reason), score, threshold});
  }
  void append(Audit&& other) {
    for (AuditRow& row : other.rows_) add(std::move(row));
    other.rows_.clear();
  }

  /// Those collected.
  const std::vector<AuditRow>& rows() const { return rows_; }

 private:
  Sink sink_;
  std::vector<AuditRow> rows_;
};

}  // namespace recto
