#include "eval/bootstrap_table.h"

#include <algorithm>
#include <vector>

#include "base/interrupt.h"
#include "base/random.h"

namespace recto {
namespace {

/// Values by metric, and the means of its samples.
struct Column {
  std::string name;
  std::vector<float> values;
  std::vector<double> means;
};

std::vector<Column> columns_of(const std::map<std::string, MetricValues>& per_query) {
  std::vector<Column> columns;
  if (per_query.empty()) return columns;
  for (const auto& [name, value] : per_query.begin()->second) columns.push_back({name, {}, {}});
  for (const auto& [query, values] : per_query) {
    size_t c = 0;
    for (const auto& [name, value] : values) {
      columns[c++].values.push_back(static_cast<float>(value));
    }
  }
  return columns;
}

/// How often each of n values is drawn.
void draw_counts(Random& random, std::vector<float>& counts) {
  std::fill(counts.begin(), counts.end(), 0.0F);
  for (size_t i = 0; i < counts.size(); ++i) ++counts[random.below(counts.size())];
}

/// In eight parts, which a compiler adds up side by side.
double weighted_mean(const std::vector<float>& values, const std::vector<float>& counts) {
  constexpr size_t kParts = 8;
  float parts[kParts] = {};
  size_t i = 0;
  for (; i + kParts <= values.size(); i += kParts) {
    for (size_t k = 0; k < kParts; ++k) parts[k] += values[i + k] * counts[i + k];
  }
  double sum = 0;
  for (; i < values.size(); ++i) sum += double{values[i]} * counts[i];
  for (const float part : parts) sum += part;
  return sum / static_cast<double>(values.size());
}

}  // namespace

std::map<std::string, Interval> metric_intervals(
    const std::map<std::string, MetricValues>& per_query, const Resampling& resampling) {
  std::vector<Column> columns = columns_of(per_query);
  std::vector<float> counts(per_query.size());
  Random random = bootstrap_random(resampling);
  for (int i = 0; i < resampling.resamples && !columns.empty(); ++i) {
    throw_if_interrupted();
    draw_counts(random, counts);
    for (Column& column : columns) column.means.push_back(weighted_mean(column.values, counts));
  }
  std::map<std::string, Interval> out;
  for (Column& column : columns) {
    std::sort(column.means.begin(), column.means.end());
    out[column.name] = percentile_interval(column.means);
  }
  return out;
}

}  // namespace recto
