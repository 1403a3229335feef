#pragma once
// Curves in an HTML report: SVG that is there without its script, which adds the values under the
// pointer and by arrow keys.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace recto {

struct ChartSeries {
  std::string name;
  std::vector<double> x,
      y;                ///< of equal length, x whole and rising; a y that is not finite is a gap
  bool points = false;  ///< each value is marked
  bool faint = false;   ///< in the background, in the colour of the series before
};

struct LineChart {
  std::string title;
  std::string x_name;  ///< "step"
  std::vector<ChartSeries> series;
  std::vector<double> marks;  ///< places on the x axis where something happened
  std::string marks_name;     ///< what
  /// A logarithmic y axis where all values are above 0 and span more than three decades.
  bool may_be_logarithmic = false;
};

/// A panel with title, legend, curves and a line of values. "" when no series has a value.
std::string line_chart(const LineChart& chart);

/// CSS beside report_style(), and the script, once for all charts of a file.
std::string_view line_chart_style();
std::string_view line_chart_script();

/// At most `most` values: the means of equal runs of neighbours, at the last x of each. Gaps do not
/// count.
ChartSeries thinned(const ChartSeries& series, size_t most);

/// Exponential mean with a half-life of `half_life` values, without a pull to the start.
ChartSeries smoothed(const ChartSeries& series, double half_life);

/// `lo` to `hi` in about `wanted` round steps: the multiples of 1, 2 or 5 times a power of ten that
/// lie between.
std::vector<double> chart_ticks(double lo, double hi, int wanted);

}  // namespace recto
