#include "base/line_chart.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "support/parsed_html.h"

namespace recto {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pointwise;

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

LineChart chart(const std::vector<double>& y) {
  ChartSeries series{"loss", {}, y};
  for (size_t i = 0; i < y.size(); ++i) series.x.push_back(static_cast<double>(i + 1));
  return {"Loss", "step", {series}};
}

TEST(LineChart, DrawsEachValueAndSaysTheLast) {
  const std::string html = line_chart(chart({2, 1, 0.5}));
  EXPECT_THAT(html, HasSubstr("step 3: loss 0.5"));
  // The first at the left edge, the last at the right one, halfway between what they are.
  EXPECT_THAT(html, testing::ContainsRegex("d=\"M52.0 [0-9.]+L227.0 [0-9.]+L402.0 [0-9.]+\""));
  const Json parsed = test::parsed_html(html);
  EXPECT_TRUE(parsed.at("bad").empty() && parsed.at("open").empty());
}

TEST(LineChart, AGapIsNoLine) {
  EXPECT_THAT(line_chart(chart({2, kNone, 0.5, 1})),
              testing::ContainsRegex("d=\"M52.0 [0-9.]+M[0-9.]+ [0-9.]+L402.0"));
  EXPECT_THAT(line_chart(chart({2, kNone, 0.5})), Not(HasSubstr("nan")));
  EXPECT_EQ(line_chart(chart({kNone})), "");
  EXPECT_EQ(line_chart(chart({})), "");
}

TEST(LineChart, OneValueAndEqualValuesHaveAPlace) {
  for (const std::vector<double>& y : {std::vector<double>{3}, {0, 0, 0}, {-2, -2}}) {
    const std::string html = line_chart(chart(y));
    EXPECT_THAT(html, HasSubstr("M52.0"));
    EXPECT_THAT(html, Not(testing::ContainsRegex("nan|inf")));
  }
}

TEST(LineChart, IsLogarithmicOnlyWhereAskedForAndNeeded) {
  LineChart wide = chart({0.001, 1, 5000});
  EXPECT_THAT(line_chart(wide), Not(HasSubstr("(logarithmic)")));
  wide.may_be_logarithmic = true;
  EXPECT_THAT(line_chart(wide), HasSubstr("(logarithmic)"));
  LineChart narrow = chart({1, 5});
  narrow.may_be_logarithmic = true;
  EXPECT_THAT(line_chart(narrow), Not(HasSubstr("(logarithmic)")));
}

TEST(LineChart, HostileNamesStayText) {
  LineChart hostile = chart({1, 2});
  hostile.title = hostile.x_name = hostile.marks_name = "</svg><script>alert(1)</script>\"'";
  hostile.series[0].name = hostile.title;
  hostile.series.push_back(hostile.series[0]);
  hostile.marks = {2};
  const Json parsed = test::parsed_html(line_chart(hostile));
  EXPECT_TRUE(parsed.at("bad").empty() && parsed.at("open").empty());
  EXPECT_FALSE(parsed.at("tags").contains("script"));
}

TEST(LineChart, ThinnedValuesAreMeans) {
  const ChartSeries series{"loss", {1, 2, 3, 4, 5}, {4, 2, kNone, 8, 1}};
  const ChartSeries thin = thinned(series, 3);
  EXPECT_THAT(thin.x, ElementsAre(2, 4, 5));
  EXPECT_THAT(thin.y, ElementsAre(3, 8, 1));
  EXPECT_THAT(thinned(series, 5).y.size(), 5u);
}

TEST(LineChart, SmoothingIsNotPulledToTheStart) {
  const ChartSeries series{"loss", {1, 2, 3, 4}, {4, 4, kNone, 2}};
  const std::vector<double> y = smoothed(series, 1).y;
  EXPECT_EQ(y[0], 4);
  EXPECT_EQ(y[1], 4);
  EXPECT_TRUE(std::isnan(y[2]));
  EXPECT_NEAR(y[3], (0.25 * 4 * 0.5 + 0.5 * 4 * 0.5 + 0.5 * 2) / 0.875, 1e-12);
}

TEST(ChartTicks, AreRound) {
  const auto near = [](const std::vector<double>& wanted) {
    return Pointwise(DoubleNear(1e-12), wanted);
  };
  EXPECT_THAT(chart_ticks(0, 10, 5), near({0, 2, 4, 6, 8, 10}));
  EXPECT_THAT(chart_ticks(1, 300, 5), near({100, 200, 300}));
  EXPECT_THAT(chart_ticks(-0.3, 0.25, 4), near({-0.2, 0, 0.2}));
  EXPECT_THAT(chart_ticks(0, 2e-4, 4), near({0, 5e-5, 1e-4, 1.5e-4, 2e-4}));
}

}  // namespace
}  // namespace recto
