#include "learn/best_steps.h"

#include <algorithm>

namespace recto {

bool BestSteps::add(int64_t step, double value) {
  without_gain_ = value > highest_ ? 0 : without_gain_ + 1;
  highest_ = std::max(highest_, value);
  const auto place = std::find_if(best_.begin(), best_.end(),
                                  [value](const Step& other) { return other.value < value; });
  const bool kept = place - best_.begin() < keep_;
  if (kept) best_.insert(place, {step, value});
  if (best_.size() > static_cast<size_t>(keep_)) best_.pop_back();
  return kept;
}

Json BestSteps::to_json() const {
  Json best = Json::array();
  for (const Step& step : best_) best.push_back({{"step", step.step}, {"ndcg_at_10", step.value}});
  return {{"best", best}, {"highest", highest_}, {"without_gain", without_gain_}};
}

void BestSteps::restore(const Json& json, const std::string& where) {
  highest_ = json_required<double>(json, "highest", where);
  without_gain_ = json_required<int>(json, "without_gain", where);
  if (!json.contains("best") || !json["best"].is_array()) {
    fail(ErrorCode::kBadInput, "{}: the list \"best\" is missing", where);
  }
  best_.clear();
  for (const Json& step : json["best"]) {
    best_.push_back({json_required<int64_t>(step, "step", where),
                     json_required<double>(step, "ndcg_at_10", where)});
  }
}

}  // namespace recto
