#include "learn/teacher.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "base/sha256.h"
#include "data/score_table.h"
#include "learn/reference_batch.h"

namespace recto {
namespace {

/// The files with scores, or those without.
std::vector<std::string> files_with_scores(const std::vector<std::string>& files, bool scores) {
  std::vector<std::string> chosen;
  for (const std::string& file : files) {
    if (is_score_table(file) == scores) chosen.push_back(file);
  }
  return chosen;
}

/// "36 of 40 queries and 0 of 50 pages" that can stand in a step, and whether some of a kind have a
/// vector and others have not.
struct Coverage {
  std::string text;
  bool partial = false;

  Coverage(const ReferenceVectors& vectors, const TrainingData& data, NegativePages negatives) {
    const auto has = [](int64_t row) { return row != ReferenceVectors::kNone; };
    const std::vector<size_t> pages = pages_in_steps(data, negatives);
    const auto known_queries =
        std::count_if(vectors.query_rows.begin(), vectors.query_rows.end(), has);
    const auto known_pages = std::count_if(
        pages.begin(), pages.end(), [&](size_t page) { return has(vectors.page_rows[page]); });
    text = fmt::format("{} of {} queries and {} of {} pages", known_queries, data.queries.size(),
                       known_pages, pages.size());
    partial = (known_queries > 0 && known_queries < std::ssize(data.queries)) ||
              (known_pages > 0 && known_pages < std::ssize(pages));
  }
};

}  // namespace

Teacher::Teacher(const std::vector<std::string>& files, const TrainingData& data, TeacherWish wish)
    : wish_(std::move(wish)),
      vectors_(read_reference_vectors(files_with_scores(files, false), data, "--teacher")),
      scores_(files_with_scores(files, true), data) {
  if (vectors_.empty() && scores_.empty()) {
    fail(ErrorCode::kBadInput,
         "--teacher: {} and the data have no id in common; rows are found by query_id and page_id "
         "(\"{}\", \"{}\")",
         fmt::join(files, ", "), data.queries.front().id, data.pages.front().id);
  }
  tell(data);
  if (wanted(LossKind::kDistillCosine)) check_vectors();
  if (wants_scores()) check_scores(data);
}

bool Teacher::wanted(LossKind kind) const {
  return std::any_of(wish_.terms.begin(), wish_.terms.end(),
                     [&](const LossTerm& term) { return term.kind == kind; });
}

bool Teacher::wants_scores() const {
  return wanted(LossKind::kDistillKl) || wanted(LossKind::kDistillMarginMse);
}

void Teacher::tell(const TrainingData& data) const {
  if (!vectors_.empty()) {
    const Coverage coverage(vectors_, data, wish_.negatives);
    const std::string text = fmt::format("teacher: vectors of {}, {} dimensions", coverage.text,
                                         vectors_.vectors.columns);
    if (coverage.partial) {
      log_warning("{}; the others learn nothing from it", text);
    } else {
      log_info("{}", text);
    }
  }
  if (!scores_.empty()) log_info("teacher: {} scores of queries and pages", scores_.count());
}

void Teacher::check_vectors() const {
  if (vectors_.empty()) {
    fail(ErrorCode::kBadInput,
         "--loss distill_cosine learns from a teacher's vectors, and --teacher has only scores; "
         "name a table of vectors too, or take distill_kl");
  }
  if (vectors_.vectors.columns == wish_.dimensions) return;
  fail(ErrorCode::kMismatch,
       "--loss distill_cosine compares vectors, and the teacher's have {} dimensions where the "
       "model's have {}; take distill_kl or distill_margin_mse, which compare scores, or another "
       "teacher",
       vectors_.vectors.columns, wish_.dimensions);
}

bool Teacher::knows(size_t query, size_t page) const {
  if (!scores_.empty()) return scores_.find(query, page).has_value();
  return vectors_.query_rows[query] != ReferenceVectors::kNone &&
         vectors_.page_rows[page] != ReferenceVectors::kNone;
}

void Teacher::check_scores(const TrainingData& data) const {
  size_t pairs = 0, triples = 0, all_triples = 0;
  for (const TrainingData::Pair& pair : data.pairs) {
    const bool known = knows(pair.query, pair.page);
    pairs += known ? 1 : 0;
    for (const size_t negative : data.queries[pair.query].negatives) {
      ++all_triples;
      triples += known && knows(pair.query, negative) ? 1 : 0;
    }
  }
  log_info("teacher: scores for {} of {} pairs and {} of their {} hard negatives", pairs,
           data.pairs.size(), triples, all_triples);
  if (pairs == 0) {
    fail(ErrorCode::kBadInput,
         "--teacher has no score of any query and a page that answers it (vectors of both make "
         "one); distill_kl and distill_margin_mse learn from scores");
  }
  if (triples == 0 && wish_.negatives != NegativePages::kAll &&
      wanted(LossKind::kDistillMarginMse)) {
    fail(ErrorCode::kBadInput,
         "--loss distill_margin_mse: --teacher has scores for {} pairs, but for none of their hard "
         "negatives",
         pairs);
  }
}

torch::Tensor Teacher::scores(const ContrastiveBatch& batch) const {
  if (scores_.empty()) return batch_scores(vectors_, batch);
  const std::vector<size_t> documents = batch.documents();
  const auto columns = static_cast<int64_t>(documents.size());
  torch::Tensor scores = torch::empty({static_cast<int64_t>(batch.queries.size()), columns});
  float* to = scores.data_ptr<float>();
  for (const size_t query : batch.queries) {
    for (const size_t page : documents) {
      *to++ = scores_.find(query, page).value_or(std::numeric_limits<float>::quiet_NaN());
    }
  }
  return scores;
}

TeacherTargets Teacher::targets(const ContrastiveBatch& batch) const {
  TeacherTargets targets;
  targets.temperature = wish_.temperature;
  if (wanted(LossKind::kDistillCosine)) {
    targets.vectors = batch_vectors(vectors_, batch);
    targets.has_vector = has_batch_vector(vectors_, batch);
  }
  if (wants_scores()) targets.scores = scores(batch);
  return targets;
}

std::string Teacher::sha256() const { return sha256_hex(vectors_.sha256() + scores_.sha256()); }

}  // namespace recto
