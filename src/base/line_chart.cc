#include "base/line_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "base/html.h"
#include "base/json.h"

namespace recto {
namespace {

// In units of the SVG; the panel scales it.
constexpr double kWidth = 420;
constexpr double kHeight = 220;
constexpr double kLeft = 52;
constexpr double kRight = kWidth - 18;  // half of a number stands right of it
constexpr double kTop = 8;
constexpr double kBottom = kHeight - 24;
constexpr size_t kColours = 6;

struct Range {
  double lo = std::numeric_limits<double>::infinity();
  double hi = -lo;

  void add(double value) {
    lo = std::min(lo, value);
    hi = std::max(hi, value);
  }
  double share(double value) const { return (value - lo) / (hi - lo); }
};

/// Where values are drawn. The y range is that of the logarithms when `logarithmic`.
struct Frame {
  Range x, y;
  bool logarithmic = false;

  double scaled(double value) const { return logarithmic ? std::log10(value) : value; }
  double left(double value) const { return kLeft + (kRight - kLeft) * x.share(value); }
  double top(double value) const { return kBottom - (kBottom - kTop) * y.share(scaled(value)); }
};

bool is_drawn(double value) { return std::isfinite(value); }

/// A range that is no point, with some room around the values; from 0 where that is near.
Range roomy(Range range) {
  if (range.lo >= 0 && range.lo < 0.4 * range.hi) range.lo = 0;
  const double size = range.hi - range.lo;
  const double room = size > 0 ? 0.05 * size : std::max(0.05 * std::abs(range.hi), 1e-9);
  if (range.lo != 0) range.lo -= room;
  range.hi += room;
  return range;
}

Frame frame_of(const LineChart& chart) {
  Frame frame;
  Range y;
  for (const ChartSeries& series : chart.series) {
    for (size_t i = 0; i < series.y.size(); ++i) {
      if (!is_drawn(series.y[i])) continue;
      frame.x.add(series.x[i]);
      y.add(series.y[i]);
    }
  }
  if (frame.x.lo == frame.x.hi) frame.x.hi += 1;
  frame.logarithmic = chart.may_be_logarithmic && y.lo > 0 && y.hi > 1000 * y.lo;
  frame.y = frame.logarithmic ? Range{std::floor(std::log10(y.lo)), std::ceil(std::log10(y.hi))}
                              : roomy(y);
  return frame;
}

bool has_values(const LineChart& chart) {
  return std::any_of(chart.series.begin(), chart.series.end(), [](const ChartSeries& series) {
    return std::any_of(series.y.begin(), series.y.end(), is_drawn);
  });
}

std::string tick_text(double value) {
  if (std::abs(value) >= 10000 && value == std::floor(value) && std::abs(value) < 1e15) {
    return grouped_number(static_cast<int64_t>(value));
  }
  return fmt::format("{:.6g}", value);
}

std::vector<double> y_ticks(const Frame& frame) {
  if (!frame.logarithmic) return chart_ticks(frame.y.lo, frame.y.hi, 5);
  std::vector<double> ticks;
  const double step = std::max(1.0, std::ceil((frame.y.hi - frame.y.lo) / 6));
  for (double power = frame.y.lo; power <= frame.y.hi; power += step) {
    ticks.push_back(std::pow(10, power));
  }
  return ticks;
}

/// Steps are whole.
std::vector<double> x_ticks(const Frame& frame) {
  const double size = frame.x.hi - frame.x.lo;
  return chart_ticks(frame.x.lo, frame.x.hi, static_cast<int>(std::clamp(size, 1.0, 5.0)));
}

std::string axes(const Frame& frame) {
  std::string out;
  for (const double tick : y_ticks(frame)) {
    const double top = frame.top(tick);
    out += fmt::format(
        "<line class=\"axis\" x1=\"{}\" x2=\"{}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/>"
        "<text class=\"y\" x=\"{}\" y=\"{:.1f}\">{}</text>",
        kLeft, kRight, top, top, kLeft - 6, top + 4, tick_text(tick));
  }
  for (const double tick : x_ticks(frame)) {
    out += fmt::format("<text class=\"x\" x=\"{:.1f}\" y=\"{}\">{}</text>", frame.left(tick),
                       kHeight - 6, tick_text(tick));
  }
  return out;
}

std::string marks(const LineChart& chart, const Frame& frame) {
  std::string out;
  for (const double x : chart.marks) {
    if (x < frame.x.lo || x > frame.x.hi) continue;
    out += fmt::format(
        "<line class=\"mark\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1}\" y2=\"{2}\"><title>{3} {4}"
        "</title></line>",
        frame.left(x), kTop, kBottom, html_escaped(chart.marks_name), tick_text(x));
  }
  return out;
}

/// "s0"; what is faint belongs to the series before it.
std::string colour(const ChartSeries& series, size_t number) {
  if (series.faint && number > 0) --number;
  return fmt::format("s{}", number % kColours);
}

std::string classes(const ChartSeries& series, size_t number) {
  return colour(series, number) + (series.faint ? " faint" : "");
}

std::string curve(const ChartSeries& series, const Frame& frame, size_t number) {
  std::string path;
  std::string dots;
  bool gap = true;
  for (size_t i = 0; i < series.y.size(); ++i) {
    if (!is_drawn(series.y[i])) {
      gap = true;
      continue;
    }
    const double left = frame.left(series.x[i]);
    const double top = frame.top(series.y[i]);
    path += fmt::format("{}{:.1f} {:.1f}", gap ? "M" : "L", left, top);
    if (series.points) {
      dots += fmt::format("<circle class=\"{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3\"/>",
                          classes(series, number), left, top);
    }
    gap = false;
  }
  return fmt::format("<path class=\"curve {}\" d=\"{}\"/>{}", classes(series, number), path, dots);
}

std::string legend(const LineChart& chart) {
  if (chart.series.size() < 2) return "";
  std::string out = "<ul class=\"legend small soft\">";
  for (size_t i = 0; i < chart.series.size(); ++i) {
    out += fmt::format(
        "<li><svg class=\"key\" viewBox=\"0 0 24 8\" aria-hidden=\"true\"><path class=\"curve {}\" "
        "d=\"M0 4L24 4\"/></svg>{}</li>",
        classes(chart.series[i], i), html_escaped(chart.series[i].name));
  }
  return out + "</ul>";
}

/// Whole numbers as such; of others five digits, which say more than a pixel does.
Json short_number(double value) {
  if (!is_drawn(value)) return nullptr;
  if (value == std::floor(value) && std::abs(value) < 1e15) return static_cast<int64_t>(value);
  return std::stod(fmt::format("{:.5g}", value));
}

Json short_numbers(const std::vector<double>& values) {
  Json out = Json::array();
  for (const double value : values) out.push_back(short_number(value));
  return out;
}

/// What the script reads.
std::string data_of(const LineChart& chart, const Frame& frame) {
  Json series = Json::array();
  for (size_t i = 0; i < chart.series.size(); ++i) {
    const ChartSeries& one = chart.series[i];
    series.push_back({{"name", one.name},
                      {"colour", colour(one, i)},
                      {"x", short_numbers(one.x)},
                      {"y", short_numbers(one.y)}});
  }
  return dump_json({{"name", chart.x_name},
                    {"x", {frame.x.lo, frame.x.hi}},
                    {"y", {frame.y.lo, frame.y.hi}},
                    {"plot", {kLeft, kRight, kTop, kBottom, kWidth}},
                    {"logarithmic", frame.logarithmic},
                    {"series", series}});
}

std::string last_values(const LineChart& chart) {
  std::string out;
  for (const ChartSeries& series : chart.series) {
    for (size_t i = series.y.size(); i-- > 0;) {
      if (!is_drawn(series.y[i])) continue;
      if (out.empty()) out = fmt::format("{} {}: ", chart.x_name, tick_text(series.x[i]));
      out += fmt::format("{}{} {:.5g}", out.ends_with(": ") ? "" : ", ", series.name, series.y[i]);
      break;
    }
  }
  return html_escaped(out);
}

}  // namespace

std::string line_chart(const LineChart& chart) {
  if (!has_values(chart)) return "";
  const Frame frame = frame_of(chart);
  std::string curves;
  for (size_t i = 0; i < chart.series.size(); ++i) curves += curve(chart.series[i], frame, i);
  return fmt::format(
      "<div class=\"panel line-chart\" tabindex=\"0\" role=\"group\" aria-label=\"{0}: arrow keys "
      "read values\" data-chart=\"{1}\"><h3>{0}{2}</h3>{3}<svg viewBox=\"0 0 {4} {5}\" "
      "role=\"img\" aria-label=\"{0} by {6}\">{7}{8}{9}</svg><p class=\"values small soft\" "
      "aria-live=\"polite\">{10}</p></div>\n",
      html_escaped(chart.title), html_escaped(data_of(chart, frame)),
      frame.logarithmic ? " <span class=\"small soft\">(logarithmic)</span>" : "", legend(chart),
      kWidth, kHeight, html_escaped(chart.x_name), axes(frame), marks(chart, frame), curves,
      last_values(chart));
}

ChartSeries thinned(const ChartSeries& series, size_t most) {
  const size_t run = (series.y.size() + most - 1) / most;
  if (run < 2) return series;
  ChartSeries out{series.name, {}, {}, series.points, series.faint};
  for (size_t first = 0; first < series.y.size(); first += run) {
    const size_t end = std::min(first + run, series.y.size());
    double sum = 0;
    size_t count = 0;
    for (size_t i = first; i < end; ++i) {
      if (!is_drawn(series.y[i])) continue;
      sum += series.y[i];
      ++count;
    }
    out.x.push_back(series.x[end - 1]);
    out.y.push_back(count > 0 ? sum / static_cast<double>(count)
                              : std::numeric_limits<double>::quiet_NaN());
  }
  return out;
}

ChartSeries smoothed(const ChartSeries& series, double half_life) {
  const double kept = std::pow(0.5, 1 / half_life);
  ChartSeries out{series.name, series.x, {}, false, false};
  double mean = 0;
  double weight = 0;
  for (const double value : series.y) {
    if (is_drawn(value)) {
      mean = kept * mean + (1 - kept) * value;
      weight = kept * weight + (1 - kept);
    }
    out.y.push_back(is_drawn(value) ? mean / weight : value);
  }
  return out;
}

std::vector<double> chart_ticks(double lo, double hi, int wanted) {
  const double rough = (hi - lo) / wanted;
  const double decade = std::pow(10, std::floor(std::log10(rough)));
  double step = 10 * decade;
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * decade >= rough * 0.999) {
      step = factor * decade;
      break;
    }
  }
  std::vector<double> ticks;
  for (double n = std::ceil(lo / step - 1e-9); n * step <= hi + 1e-9 * step; ++n) {
    ticks.push_back(n == 0 ? 0 : n * step);
  }
  return ticks;
}

}  // namespace recto
