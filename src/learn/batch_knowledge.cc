#include "learn/batch_knowledge.h"

#include <algorithm>
#include <unordered_set>

#include "base/log.h"

namespace recto {
namespace {

/// Hard negatives that a rule takes out of every loss must not vanish in silence.
void tell_masked_negatives(const TrainingData& data, const MaskRules& rules) {
  size_t all = 0, masked = 0;
  for (const TrainingData::Query& query : data.queries) {
    for (const size_t negative : query.negatives) {
      ++all;
      const auto akin = [&](size_t answer) {
        return is_akin(data.pages[answer], data.pages[negative], rules);
      };
      masked += std::any_of(query.positives.begin(), query.positives.end(), akin) ? 1 : 0;
    }
  }
  if (masked == 0) return;
  log_warning(
      "{} of {} hard negatives show what a page that answers their query shows{}{}; they "
      "are masked",
      masked, all, rules.same_document ? ", or are of its document" : "",
      rules.translations ? ", or may be its translation" : "");
}

/// [columns] bool, true where a document stands in an earlier column too.
torch::Tensor repeated_documents(const ContrastiveBatch& batch) {
  const std::vector<size_t> documents = batch.documents();
  torch::Tensor repeated = torch::zeros({static_cast<int64_t>(documents.size())}, torch::kBool);
  bool* to = repeated.data_ptr<bool>();
  std::unordered_set<size_t> seen;
  for (const size_t page : documents) *to++ = !seen.insert(page).second;
  return repeated;
}

}  // namespace

NegativePages negative_pages(const TrainSettings& settings) {
  if (settings.negatives == 0) return NegativePages::kNone;
  return settings.remine_every > 0 ? NegativePages::kAll : NegativePages::kOfTheData;
}

BatchKnowledge::BatchKnowledge(const TrainSettings& settings, const TrainingData& data,
                               int dimensions)
    : data_(data), rules_{settings.mask_same_document, settings.mask_translations} {
  if (settings.negatives > 0) tell_masked_negatives(data, rules_);
  if (!settings.guide.empty()) {
    guide_.emplace(settings.guide, data, pages_in_steps(data, negative_pages(settings)),
                   GuideMargin{settings.guide_margin, settings.guide_margin_type == "relative"});
    fingerprints_["guide_sha256"] = guide_->sha256();
  }
  if (!settings.teacher.empty()) {
    teacher_.emplace(settings.teacher, data,
                     TeacherWish{parse_losses(settings.loss), dimensions,
                                 settings.teacher_temperature, negative_pages(settings)});
    fingerprints_["teacher_sha256"] = teacher_->sha256();
  }
}

LossInput BatchKnowledge::describe(const ContrastiveBatch& batch) const {
  LossInput input;
  input.mask = false_negative_mask(data_, batch, rules_);
  if (guide_) input.mask.logical_or_(guide_->mask(batch));
  input.repeated = repeated_documents(batch);
  if (teacher_) input.teacher = teacher_->targets(batch);
  return input;
}

}  // namespace recto
