#pragma once
// A model whose vectors or scores are learnt from, read from tables.

#include <string>
#include <vector>

#include "learn/contrastive_batch.h"
#include "learn/reference_vectors.h"
#include "learn/teacher_scores.h"

namespace recto {

/// What the losses of a training want of a teacher.
struct TeacherWish {
  std::vector<LossTerm> terms;
  int dimensions = 0;         ///< of the student's vectors
  double temperature = 0.05;  ///< of the teacher's scores
  NegativePages negatives = NegativePages::kOfTheData;
};

class Teacher {
 public:
  /// Reads tables of vectors and of scores (data/table.h, data/score_table.h) and says on stderr
  /// how much of `data` they know. Scores are those of the tables when one of them has scores, else
  /// the cosines of the vectors. Throws Error(kBadInput | kMismatch) when a loss finds nothing of
  /// what it wants: vectors of the student's dimensions (distill_cosine), scores of queries and
  /// pages that answer them (distill_kl), and of their hard negatives (distill_margin_mse).
  Teacher(const std::vector<std::string>& files, const TrainingData& data, TeacherWish wish);

  /// On the CPU.
  TeacherTargets targets(const ContrastiveBatch& batch) const;
  /// SHA-256 of what was read.
  std::string sha256() const;

 private:
  bool wanted(LossKind kind) const;
  bool wants_scores() const;
  void check_vectors() const;
  void check_scores(const TrainingData& data) const;
  void tell(const TrainingData& data) const;
  bool knows(size_t query, size_t page) const;
  torch::Tensor scores(const ContrastiveBatch& batch) const;

  TeacherWish wish_;
  ReferenceVectors vectors_;
  TeacherScores scores_;
};

}  // namespace recto
