#include "eval/metrics.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/suggestion.h"

namespace recto {

namespace {

/// 1 / log2(rank + 1) for ranks up to the largest cutoff.
double discount(int64_t rank) {
  static const auto kDiscounts = [] {
    std::array<double, kCutoffs.back() + 1> values{};
    for (size_t i = 1; i < values.size(); ++i) {
      values[i] = 1.0 / std::log2(static_cast<double>(i) + 1.0);
    }
    return values;
  }();
  return kDiscounts.at(static_cast<size_t>(rank));
}

double linear_gain(int grade) { return std::max(grade, 0); }
double exponential_gain(int grade) { return std::exp2(std::max(grade, 0)) - 1.0; }

using Gain = double (*)(int);

/// Grades of the ranked documents, of the judged ones best first, and how many are relevant.
struct Grades {
  std::vector<int> found;
  std::vector<int> ideal;
  int64_t relevant = 0;

  explicit Grades(const Judgements& judgements) {
    for (const auto& [document, grade] : judgements) {
      ideal.push_back(grade);
      if (grade > 0) ++relevant;
    }
    std::sort(ideal.begin(), ideal.end(), std::greater<>());
  }
};

double discounted_gain(const std::vector<int>& grades, int k, Gain gain) {
  double sum = 0;
  const auto count = std::min<int64_t>(k, std::ssize(grades));
  for (int64_t i = 0; i < count; ++i) sum += gain(grades[i]) * discount(i + 1);
  return sum;
}

double ratio(double part, double whole) { return whole > 0 ? part / whole : 0; }

/// The metrics of one query at one cutoff.
struct AtCutoff {
  double ndcg = 0, ndcg_exp = 0, recall = 0, precision = 0, map = 0, mrr = 0, hit_rate = 0;
};

constexpr std::string_view kAt = "_at_";

struct Family {
  const char* name;
  double AtCutoff::* value;
};

constexpr Family kFamilies[] = {
    {"ndcg", &AtCutoff::ndcg},        {"ndcg_exp", &AtCutoff::ndcg_exp},
    {"recall", &AtCutoff::recall},    {"precision", &AtCutoff::precision},
    {"map", &AtCutoff::map},          {"mrr", &AtCutoff::mrr},
    {"hit_rate", &AtCutoff::hit_rate}};

void store(const AtCutoff& values, int k, MetricValues& out) {
  for (const Family& family : kFamilies) {
    out[fmt::format("{}{}{}", family.name, kAt, k)] = values.*family.value;
  }
}

AtCutoff at_cutoff(const Grades& grades, int k) {
  AtCutoff out;
  out.ndcg = ratio(discounted_gain(grades.found, k, linear_gain),
                   discounted_gain(grades.ideal, k, linear_gain));
  out.ndcg_exp = ratio(discounted_gain(grades.found, k, exponential_gain),
                       discounted_gain(grades.ideal, k, exponential_gain));
  double hits = 0;
  double precisions = 0;
  const auto count = std::min<int64_t>(k, std::ssize(grades.found));
  for (int64_t i = 0; i < count; ++i) {
    if (grades.found[i] <= 0) continue;
    if (hits == 0) out.mrr = 1.0 / static_cast<double>(i + 1);
    ++hits;
    precisions += hits / static_cast<double>(i + 1);
  }
  out.recall = ratio(hits, static_cast<double>(grades.relevant));
  out.precision = hits / k;
  out.map = ratio(precisions, static_cast<double>(grades.relevant));
  out.hit_rate = hits > 0 ? 1 : 0;
  return out;
}

/// Expectations over random orders of n documents of which r are relevant (`grades`), of all that
/// are judged (`all`). Each rank holds each document with probability 1/n; given a relevant one at
/// rank i, each of the i - 1 before it is relevant with probability (r - 1) / (n - 1).
AtCutoff random_at_cutoff(const Grades& grades, const Grades& all, int64_t documents, int k) {
  AtCutoff out;
  const double n = static_cast<double>(documents);
  const double r = static_cast<double>(grades.relevant);
  if (documents == 0 || grades.relevant == 0) return out;
  const int64_t ranks = std::min<int64_t>(k, documents);
  double linear = 0;
  double exponential = 0;
  for (const int grade : grades.ideal) {
    linear += linear_gain(grade) / n;
    exponential += exponential_gain(grade) / n;
  }
  double discounts = 0;
  double none_before = 1;  // probability that no earlier rank holds a relevant document
  for (int64_t i = 1; i <= ranks; ++i) {
    const double rank = static_cast<double>(i);
    discounts += discount(i);
    const double first_here = none_before * std::min(1.0, r / (n - rank + 1));
    out.mrr += first_here / rank;
    none_before -= first_here;
    const double earlier = documents > 1 ? (rank - 1) * (r - 1) / (n - 1) : 0;
    out.map += (1 + earlier) / rank / n;
  }
  const double share_found = r / static_cast<double>(all.relevant);
  out.map *= share_found;
  out.ndcg = ratio(linear * discounts, discounted_gain(all.ideal, k, linear_gain));
  out.ndcg_exp = ratio(exponential * discounts, discounted_gain(all.ideal, k, exponential_gain));
  out.recall = static_cast<double>(ranks) / n * share_found;
  out.precision = static_cast<double>(ranks) * r / n / k;
  out.hit_rate = 1 - none_before;
  return out;
}

}  // namespace

std::vector<std::string> ranked_ids(const std::vector<ScoredId>& hits) {
  using Ranked = std::pair<float, const std::string*>;  // trec_eval's "sim" is a float
  std::vector<Ranked> order;
  order.reserve(hits.size());
  for (const ScoredId& hit : hits) order.emplace_back(static_cast<float>(hit.score), &hit.id);
  std::sort(order.begin(), order.end(), [](const Ranked& a, const Ranked& b) {
    return a.first != b.first ? a.first > b.first : *a.second > *b.second;
  });
  std::vector<std::string> ids;
  ids.reserve(hits.size());
  for (const auto& [score, id] : order) ids.push_back(*id);
  return ids;
}

MetricValues query_metrics(const Judgements& judgements, const std::vector<std::string>& ranking) {
  Grades grades(judgements);
  for (const std::string& id : ranking) {
    const auto found = judgements.find(id);
    grades.found.push_back(found == judgements.end() ? 0 : found->second);
  }
  MetricValues values;
  for (const int k : kCutoffs) store(at_cutoff(grades, k), k, values);
  return values;
}

struct QueryMetric::State {
  Grades grades;
  double AtCutoff::* value;
};

QueryMetric::QueryMetric(const Judgements& judgements, const std::string& name) {
  check_metric_name(name);
  const size_t at = name.find(kAt);
  cutoff_ = std::stoi(name.substr(at + kAt.size()));
  const auto family = std::find_if(std::begin(kFamilies), std::end(kFamilies),
                                   [&](const Family& f) { return name.substr(0, at) == f.name; });
  state_ = std::make_unique<State>(State{Grades(judgements), family->value});
}

QueryMetric::~QueryMetric() = default;

double QueryMetric::of_grades(const std::vector<int>& grades) const {
  state_->grades.found = grades;
  return at_cutoff(state_->grades, cutoff_).*state_->value;
}

void check_metric_name(const std::string& name) {
  std::vector<std::string> names;
  for (const Family& family : kFamilies) {
    for (const int k : kCutoffs) names.push_back(fmt::format("{}{}{}", family.name, kAt, k));
  }
  if (std::find(names.begin(), names.end(), name) != names.end()) return;
  std::string meant = name;  // "nDCG@10", as tables have it
  if (const size_t at = meant.find('@'); at != std::string::npos) meant.replace(at, 1, kAt);
  std::vector<const char*> families;
  for (const Family& family : kFamilies) families.push_back(family.name);
  fail(ErrorCode::kUsage, "no metric is called \"{}\"{}; there are {}, each with {} and one of {}",
       name, did_you_mean(meant, names), fmt::join(families, ", "), kAt, fmt::join(kCutoffs, ", "));
}

MetricValues random_order_metrics(const Judgements& judgements, int64_t documents,
                                  const Judgements& absent) {
  const Grades grades(judgements);
  Judgements both = judgements;
  both.insert(absent.begin(), absent.end());
  const Grades all(both);
  MetricValues values;
  for (const int k : kCutoffs) store(random_at_cutoff(grades, all, documents, k), k, values);
  return values;
}

std::map<std::string, MetricValues> run_metrics(const Qrels& qrels, const Run& run) {
  std::map<std::string, MetricValues> per_query;
  for (const auto& [query, hits] : run) {
    const auto judged = qrels.find(query);
    if (judged != qrels.end()) per_query[query] = query_metrics(judged->second, ranked_ids(hits));
  }
  return per_query;
}

double metric_value(const MetricValues& values, const std::string& name) {
  const auto found = values.find(name);
  return found == values.end() ? 0 : found->second;
}

std::string metric_title(const std::string& name) {
  static const std::pair<const char*, const char*> kTitles[] = {{"ndcg_exp_at_", "nDCG (2^g)@"},
                                                                {"ndcg_at_", "nDCG@"},
                                                                {"recall_at_", "recall@"},
                                                                {"map_at_", "MAP@"},
                                                                {"mrr_at_", "MRR@"},
                                                                {"hit_rate_at_", "hit@"},
                                                                {"precision_at_", "precision@"}};
  for (const auto& [prefix, title] : kTitles) {
    if (name.starts_with(prefix)) return title + name.substr(std::string(prefix).size());
  }
  return name;
}

MetricValues mean_metrics(const std::map<std::string, MetricValues>& per_query) {
  MetricValues mean;
  for (const auto& [query, values] : per_query) {
    for (const auto& [name, value] : values) mean[name] += value;
  }
  for (auto& [name, value] : mean) value /= static_cast<double>(per_query.size());
  return mean;
}

}  // namespace recto
