#include "learn/teacher_scores.h"

#include <algorithm>
#include <span>

#include "base/error.h"
#include "base/sha256.h"
#include "data/score_table.h"
#include "learn/id_places.h"

namespace recto {
namespace {

/// Sorts by page; throws for a page that has two scores.
void sort_scores(std::vector<std::pair<size_t, float>>& scores, const TrainingData& data,
                 size_t query) {
  const auto same_page = [](const auto& a, const auto& b) { return a.first == b.first; };
  std::sort(scores.begin(), scores.end());
  const auto twice = std::adjacent_find(scores.begin(), scores.end(), same_page);
  if (twice == scores.end()) return;
  fail(ErrorCode::kBadInput,
       "--teacher: the query \"{}\" and the page \"{}\" have two scores, {} and {}; one is wanted",
       data.queries[query].id, data.pages[twice->first].id, twice->second,
       std::next(twice)->second);
}

}  // namespace

TeacherScores::TeacherScores(const std::vector<std::string>& files, const TrainingData& data) {
  if (files.empty()) return;
  const IdPlaces places(data, "--teacher");
  of_query_.resize(data.queries.size());
  for (const std::string& file : files) {
    for_each_score(file, [&](ScoreRow&& row) {
      for (const size_t query : places.queries(row.query_id)) {
        for (const size_t page : places.pages(row.page_id)) {
          of_query_[query].emplace_back(page, static_cast<float>(row.score));
          ++count_;
        }
      }
    });
  }
  for (size_t q = 0; q < of_query_.size(); ++q) sort_scores(of_query_[q], data, q);
}

std::optional<float> TeacherScores::find(size_t query, size_t page) const {
  if (query >= of_query_.size()) return std::nullopt;
  const Scores& scores = of_query_[query];
  const auto found =
      std::lower_bound(scores.begin(), scores.end(), page,
                       [](const auto& entry, size_t wanted) { return entry.first < wanted; });
  if (found == scores.end() || found->first != page) return std::nullopt;
  return found->second;
}

std::string TeacherScores::sha256() const {
  if (empty()) return "";
  Sha256 hash;
  for (const Scores& scores : of_query_) {
    hash.update(fmt::format("{};", scores.size()));
    for (const auto& [page, score] : scores) {
      hash.update(fmt::format("{} ", page));
      hash.update(std::as_bytes(std::span(&score, 1)));
    }
  }
  return hash.hex();
}

}  // namespace recto
