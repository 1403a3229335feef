#include "eval/scatter_chart.h"

#include <cmath>
#include <map>
#include <utility>

#include "base/error.h"
#include "base/html.h"

namespace recto {
namespace {

// In units of the SVG; the panel scales it.
constexpr double kSize = 300;
constexpr double kLeft = 40;
constexpr double kTop = 18;
constexpr double kSide = 238;  // leaves room for half a circle at 1
constexpr int kSteps = 50;

double left(double value) { return kLeft + kSide * value; }
double top(double value) { return kTop + kSide * (1 - value); }

/// Queries by the places of their values on a grid.
std::map<std::pair<int, int>, int64_t> counts(const SystemResult& first, const SystemResult& second,
                                              const std::string& metric) {
  const auto place = [](double value) { return static_cast<int>(std::lround(value * kSteps)); };
  std::map<std::pair<int, int>, int64_t> out;
  for (const auto& [query, values] : first.per_query) {
    const auto other = second.per_query.find(query);
    if (other == second.per_query.end()) continue;
    ++out[{place(metric_value(values, metric)), place(metric_value(other->second, metric))}];
  }
  return out;
}

std::string axes() {
  std::string out;
  for (const double tick : {0.0, 0.25, 0.5, 0.75, 1.0}) {
    out += fmt::format(
        "<line class=\"axis\" x1=\"{0}\" x2=\"{1}\" y1=\"{2:.1f}\" y2=\"{2:.1f}\"/>"
        "<text x=\"{3}\" y=\"{4:.1f}\" text-anchor=\"end\">{5}</text>"
        "<text x=\"{6:.1f}\" y=\"{7}\" text-anchor=\"middle\">{5}</text>",
        kLeft, kLeft + kSide, top(tick), kLeft - 6, top(tick) + 4, tick, left(tick),
        kTop + kSide + 24);
  }
  return out + fmt::format("<line class=\"equal\" x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\"/>",
                           left(0), top(0), left(1), top(1));
}

}  // namespace

std::string scatter_chart(const SystemResult& first, const SystemResult& second,
                          const std::string& metric) {
  const auto points = counts(first, second, metric);
  if (points.empty()) return "";
  std::string circles;
  for (const auto& [place, count] : points) {
    const double x = static_cast<double>(place.first) / kSteps;
    const double y = static_cast<double>(place.second) / kSteps;
    circles += fmt::format(
        "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{:.1f}\"><title>{} queries: {} {:.2f}, {} {:.2f}"
        "</title></circle>",
        left(x), top(y), std::min(16.0, 2 + std::sqrt(static_cast<double>(count))), count,
        html_escaped(first.name), x, html_escaped(second.name), y);
  }
  return fmt::format(
      "<div class=\"panel scatter\"><h3>{0} of each query</h3><p class=\"small soft\">Across: {1}. "
      "Up: {2}. Above the line {2} is better; a larger circle is more queries.</p><svg viewBox=\""
      "0 0 {3} {3}\" role=\"img\" aria-label=\"{1} against {2}\">{4}{5}</svg></div>\n",
      html_escaped(metric_title(metric)), html_escaped(first.name), html_escaped(second.name),
      kSize, axes(), circles);
}

}  // namespace recto
