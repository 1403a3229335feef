#pragma once
// Scores that a teacher gives to queries and pages of the training data. Without torch.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "learn/training_data.h"

namespace recto {

class TeacherScores {
 public:
  TeacherScores() = default;
  /// Reads tables of scores (data/score_table.h); rows about other queries or pages are passed
  /// over. Throws Error(kBadInput) for two scores of one query and page, and what IdPlaces and
  /// reading throw.
  TeacherScores(const std::vector<std::string>& files, const TrainingData& data);

  bool empty() const { return count_ == 0; }
  size_t count() const { return count_; }
  std::optional<float> find(size_t query, size_t page) const;
  /// SHA-256 of the scores, "" of none.
  std::string sha256() const;

 private:
  using Scores = std::vector<std::pair<size_t, float>>;  // by page

  std::vector<Scores> of_query_;
  size_t count_ = 0;
};

}  // namespace recto
