#include "base/html.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/report_parts.h"

namespace recto {
namespace {

using namespace std::string_literals;
using testing::HasSubstr;
using testing::Not;

TEST(Html, TextStaysText) {
  EXPECT_EQ(html_escaped("<a href=\"x\">'&"), "&lt;a href=&quot;x&quot;&gt;&#39;&amp;");
  EXPECT_EQ(html_escaped("NUL \0 and \xFF"s), "NUL \uFFFD and \uFFFD");
  EXPECT_EQ(html_escaped("tab\tline\n\u00e4\u4e16"), "tab\tline\n\u00e4\u4e16");
}

TEST(Html, NumbersAreGrouped) {
  EXPECT_EQ(grouped_number(0), "0");
  EXPECT_EQ(grouped_number(999), "999");
  EXPECT_EQ(grouped_number(1234567), "1,234,567");
  EXPECT_EQ(grouped_number(-100000), "-100,000");
}

TEST(Html, TheHeadAllowsItsOwnStyleAndScriptAlone) {
  const std::string head = html_head("<title>", "p{}", "1");
  EXPECT_THAT(head, HasSubstr("<title>&lt;title&gt;</title>"));
  EXPECT_THAT(head, HasSubstr("script-src 'sha256-a4ayc/80/OGda4BO/1o/V0etpOqiLx1JwB5S3beHW0s='"));
  EXPECT_THAT(head, Not(HasSubstr("unsafe-inline")));
}

TEST(ReportParts, SharesAreOfTheirSumAndBarsOfTheLargest) {
  const std::string html = report_shares({"Languages <", {{"en", 750}, {"", 250}}});
  EXPECT_THAT(html, HasSubstr("Languages &lt;"));
  EXPECT_THAT(html, HasSubstr("75.0 %"));
  EXPECT_THAT(html, HasSubstr("unknown"));
  EXPECT_THAT(html, HasSubstr("width=\"33.33\""));
}

TEST(ReportParts, WhatDoesNotFitIsLeftOut) {
  const auto draw = [](int n) { return std::string(static_cast<size_t>(n), 'x'); };
  EXPECT_EQ(report_fitting(std::vector<int>{3, 3, 3}, 7, draw), (std::pair{"xxxxxx"s, size_t{2}}));
  EXPECT_EQ(report_fitting(std::vector<int>{8}, 7, draw), (std::pair{""s, size_t{0}}));
}

TEST(ReportSample, EveryStratumTakesItsTurn) {
  std::vector<std::string> strata(1000, "heading en");
  strata[17] = strata[500] = "caption de";
  strata[900] = "index fr";
  const std::vector<size_t> sample = report_sample(strata, 20, 7);
  ASSERT_EQ(sample.size(), 20u);
  EXPECT_EQ(std::set<size_t>(sample.begin(), sample.end()).size(), 20u);
  EXPECT_EQ(strata[sample[0]], "caption de");
  EXPECT_EQ(strata[sample[1]], "heading en");
  EXPECT_EQ(sample[2], 900u);
  EXPECT_EQ(sample, report_sample(strata, 20, 7));
  EXPECT_NE(sample, report_sample(strata, 20, 8));
  const std::vector<size_t> shorter = report_sample(strata, 5, 7);
  EXPECT_TRUE(std::equal(shorter.begin(), shorter.end(), sample.begin()));
  EXPECT_EQ(report_sample(strata, 5000, 7).size(), 1000u);
  EXPECT_TRUE(report_sample({}, 5, 7).empty());
}

}  // namespace
}  // namespace recto
