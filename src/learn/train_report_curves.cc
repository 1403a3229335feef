#include <algorithm>
#include <map>

#include "learn/tensorboard_log.h"
#include "learn/train_report.h"

namespace recto {
namespace {

constexpr size_t kMostPoints = 500;
constexpr size_t kFewPoints = 30;  // no mean is drawn through so few

struct Title {
  const char* key;
  const char* text;
};

// In the order of the charts. Any other key follows, under its own name.
constexpr Title kTitles[] = {
    {"loss", "Loss"},
    {"held_out", "Held-out retrieval"},
    {"terms", "Parts of the loss, before their weights"},
    {"lr", "Learning rate"},
    {"gradient_norm", "Gradient norm before clipping"},
    {"temperature", "Temperature"},
    {"pairs_per_second", "Pairs a second"},
};

/// A measure that says how much was measured, not how well.
bool is_size(const std::string& name) { return name == "queries" || name == "pages"; }

std::string plain(std::string key) {
  std::replace(key.begin(), key.end(), '_', ' ');
  return key;
}

/// "gradient_norm_of_x": "Gradient norm of x"
std::string plain_title(std::string key) {
  key = plain(std::move(key));
  if (!key.empty() && key[0] >= 'a' && key[0] <= 'z') key[0] = static_cast<char>(key[0] - 32);
  return key;
}

/// Charts by key, their series in the order in which they came.
class Charts {
 public:
  void add(const Json& line) {
    const auto step = line.at("step").get<double>();
    for (const EventScalar& scalar : curve_values(line)) {
      const size_t slash = scalar.tag.find('/');
      const std::string group = scalar.tag.substr(0, slash);
      const std::string name = scalar.tag.substr(slash + 1);
      if (group == "held_out" && is_size(name)) continue;
      ChartSeries& one = group == "train" ? series(name, plain(name), false)
                                          : series(group, name, group == "held_out");
      one.x.push_back(step);
      one.y.push_back(scalar.value);
    }
    if (line.contains("loss") && line["loss"].is_null()) skipped_.push_back(step);
  }

  std::vector<LineChart> drawn() {
    std::vector<LineChart> out;
    for (const Title& title : kTitles) take(title.key, title.text, out);
    while (!charts_.empty()) {
      const std::string key = charts_.begin()->first;
      take(key, plain_title(key), out);
    }
    return out;
  }

 private:
  ChartSeries& series(const std::string& chart, const std::string& name, bool points) {
    std::vector<ChartSeries>& all = charts_[chart];
    const auto found = std::find_if(all.begin(), all.end(),
                                    [&](const ChartSeries& one) { return one.name == name; });
    if (found != all.end()) return *found;
    return all.emplace_back(ChartSeries{name, {}, {}, points, false});
  }

  void take(const std::string& key, const std::string& title, std::vector<LineChart>& out) {
    auto node = charts_.extract(key);
    if (node.empty()) return;
    LineChart chart{title, "step", {}, {}, "skipped step", key == "gradient_norm"};
    for (const ChartSeries& one : node.mapped()) chart.series.push_back(thinned(one, kMostPoints));
    if (key == "held_out") name_measures(chart);
    if (key == "loss") chart.marks = skipped_;
    if (key == "loss" || key == "gradient_norm") add_mean(chart);
    out.push_back(std::move(chart));
  }

  static void name_measures(LineChart& chart) {
    std::stable_sort(chart.series.begin(), chart.series.end(),
                     [](const ChartSeries& a, const ChartSeries& b) {
                       return measure_rank(a.name) < measure_rank(b.name);
                     });
    for (ChartSeries& one : chart.series) one.name = measure_name(one.name);
  }

  static void add_mean(LineChart& chart) {
    ChartSeries& values = chart.series.front();
    if (values.y.size() <= kFewPoints) return;
    ChartSeries mean = smoothed(values, static_cast<double>(values.y.size()) / 40);
    mean.name = "running mean";
    values.faint = true;
    chart.series.insert(chart.series.begin(), std::move(mean));
  }

  std::map<std::string, std::vector<ChartSeries>> charts_;
  std::vector<double> skipped_;
};

}  // namespace

std::string measure_name(const std::string& key) {
  if (key.starts_with("ndcg_at_")) return "nDCG@" + key.substr(8);
  if (key.starts_with("hit_rate_at_")) return "hit@" + key.substr(12);
  return key;
}

int measure_rank(const std::string& key) {
  if (is_size(key)) return 4;
  if (key == "ndcg_at_10") return 0;
  if (key.starts_with("ndcg_at_")) return 1;
  return key.starts_with("hit_rate_at_") ? 2 : 3;
}

std::vector<LineChart> training_curves(const std::vector<Json>& metrics) {
  Charts charts;
  for (const Json& line : metrics) charts.add(line);
  return charts.drawn();
}

}  // namespace recto
