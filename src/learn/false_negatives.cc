#include "learn/false_negatives.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "data/query_text.h"

namespace recto {
namespace {

constexpr double kNearPages = 1;
constexpr double kNearShare = 0.05;

bool same(const std::string& a, const std::string& b) { return !a.empty() && a == b; }

bool is_answer(const TrainingData& data, size_t query, size_t own, size_t page,
               const MaskRules& rules) {
  const auto akin = [&](size_t answer) {
    return answer == page || is_akin(data.pages[answer], data.pages[page], rules);
  };
  const std::vector<size_t>& positives = data.queries[query].positives;
  return akin(own) || std::any_of(positives.begin(), positives.end(), akin);
}

/// Middle of a page in fractions of its document.
double place_of(const TrainingData::Page& page) {
  return (page.number - 0.5) / page.document_pages;
}

}  // namespace

bool may_be_translation(const TrainingData::Page& a, const TrainingData::Page& b) {
  if (!same(a.family, b.family) || a.document_id == b.document_id) return false;
  if (a.language.empty() || b.language.empty() || a.language == b.language) return false;
  if (a.number < 1 || b.number < 1 || a.document_pages < 1 || b.document_pages < 1) return false;
  const double longer = std::max(a.document_pages, b.document_pages);
  const double apart = std::abs(place_of(a) - place_of(b)) * longer;
  return apart <= std::max(kNearPages, kNearShare * longer) + 1e-9;
}

bool is_akin(const TrainingData::Page& a, const TrainingData::Page& b, const MaskRules& rules) {
  return same(a.near_group, b.near_group) ||
         (rules.same_document && same(a.document_id, b.document_id)) ||
         (rules.translations && may_be_translation(a, b));
}

torch::Tensor false_negative_mask(const TrainingData& data, const ContrastiveBatch& batch,
                                  const MaskRules& rules) {
  const std::vector<size_t> columns = batch.documents();
  const size_t pairs = batch.queries.size();
  std::vector<std::string> texts;
  texts.reserve(pairs);
  for (const size_t query : batch.queries) texts.push_back(plain_query(data.queries[query].text));
  torch::Tensor mask = torch::zeros(
      {static_cast<int64_t>(pairs), static_cast<int64_t>(columns.size())}, torch::kBool);
  bool* masked = mask.data_ptr<bool>();
  for (size_t i = 0; i < pairs; ++i) {
    const size_t query = batch.queries[i];
    for (size_t j = 0; j < columns.size(); ++j) {
      if (j == i) continue;
      const bool same_text = j < pairs && texts[i] == texts[j];
      masked[i * columns.size() + j] =
          same_text || is_answer(data, query, columns[i], columns[j], rules);
    }
  }
  return mask;
}

}  // namespace recto
