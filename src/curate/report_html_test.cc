#include "curate/report_html.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <set>

#include "base/file.h"
#include "base/json.h"
#include "base/sha256.h"
#include "curate/report_assets.h"
#include "page/decode.h"
#include "support/parsed_html.h"
#include "support/support.h"

namespace recto {
namespace {
namespace fs = std::filesystem;
using namespace std::string_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kHostile =
    "</script><script>alert(1)</script>\"'><img src=x onerror=alert(2)>";

const Image& picture() {
  static const Image image = [] {
    const std::string bytes =
        read_file(test::source_directory() / "tests/goldens/images/src/page_a4_620x877.png");
    return decode_image(as_bytes(bytes), "page", {});
  }();
  return image;
}

ReportPage page(int number) {
  return {"doc-" + std::to_string(number),
          "Manual <of> things",
          number,
          "CC-BY-4.0",
          report_thumbnail(picture(), 300),
          212,
          300,
          "Text & more"};
}

CurationReport report() {
  CurationReport report;
  report.title = kHostile;
  report.dataset_id = std::string(64, 'a');
  report.made_by = "recto 0.1.0";
  report.totals = {{"documents", 12}, {"pages", 1234567}};
  report.stages = {{"files", 14, 12, {{"copy of another", 1}, {kHostile, 1}}},
                   {"queries", 0, 0, {}}};
  report.shares = {{"Languages", {{"en", 900}, {"", 100}}}};
  report.histograms = {report_histogram("Words of a query", "words", {3, 4, 5, 5, 6, 40})};
  report.near_pairs = {{page(1), page(2), 12, 0.93, true}, {page(3), page(4), 20, 0.4, false}};
  report.near_pairs_total = 70;
  for (int i = 0; i < 6; ++i) {
    ReportSample sample{
        "q-" + std::to_string(i), "Which one?", "heading", "outline", "en", "train", page(i + 1)};
    report.samples.push_back(sample);
  }
  report.samples[1].query = kHostile;
  report.samples[1].kind = "\" onclick=\"alert(3)";
  report.samples[2].query = "NUL \0, \x1b, \xFF and \xE2\x80\xAE turned"s;
  report.samples[3].page.jpeg.clear();
  return report;
}

TEST(ReportHtml, IsWellFormedAndHostileTextStaysText) {
  const Json html = test::parsed_html(report_html(report()));
  EXPECT_TRUE(html.at("open").empty()) << html.at("open");
  EXPECT_TRUE(html.at("bad").empty()) << html.at("bad");
  EXPECT_EQ(html.at("tags").at("script"), 1);
  EXPECT_EQ(html.at("tags").at("style"), 1);
  EXPECT_EQ(html.at("tags").at("img"), 10);  // four in pairs, five in samples, and the enlarged one
  const Json& samples = html.at("samples");
  ASSERT_EQ(samples.size(), 6u);
  EXPECT_EQ(samples[1].at("text"), kHostile);
  EXPECT_EQ(samples[1].at("data-kind"), "\" onclick=\"alert(3)");
  EXPECT_EQ(samples[1].at("data-query-id"), "q-1");
  EXPECT_EQ(samples[1].at("data-page-id"), "doc-2");
  EXPECT_EQ(samples[2].at("text"), "NUL \uFFFD, \uFFFD, \uFFFD and \u202E turned");
  const std::vector<std::string> ids = html.at("ids");
  EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()).size(), ids.size());
}

TEST(ReportHtml, LoadsNothing) {
  const std::string html = report_html(report());
  const Json found = test::parsed_html(html);
  for (const Json& source : found.at("sources")) {
    const std::string text = source;
    EXPECT_TRUE(text.starts_with("data:image/jpeg;base64,/9j/") || text.starts_with("#")) << text;
  }
  for (const char* word : {"http:", "https:", "url(", "@import", "fetch(", "XMLHttp"}) {
    EXPECT_THAT(html, Not(HasSubstr(word)));
  }
  EXPECT_THAT(html, HasSubstr("default-src 'none'; img-src data:;"));
  EXPECT_THAT(html, Not(HasSubstr("unsafe-inline")));
}

TEST(ReportHtml, ThePolicyNamesItsOwnScriptAndStyle) {
  const std::string html = report_html(report());
  const test::CommandResult digest = test::run_command(fmt::format(
      "'{}' -c \"import base64; print(base64.b64encode(bytes.fromhex('{}')).decode())\"",
      test::python().string(), sha256_hex(curation_script())));
  EXPECT_THAT(html, HasSubstr("script-src 'sha256-" + digest.out.substr(0, 44) + "'"));
  EXPECT_THAT(html, HasSubstr("<script>" + curation_script() + "</script>"));
}

TEST(ReportHtml, TheSameReportGivesTheSameBytes) {
  EXPECT_EQ(report_html(report()), report_html(report()));
}

TEST(ReportHtml, StaysBelowItsLimit) {
  CurationReport large = report();
  const size_t once = report_html(large).size();
  while (large.samples.size() < 200) large.samples.push_back(large.samples.front());
  while (large.near_pairs.size() < 100) large.near_pairs.push_back(large.near_pairs.front());
  large.samples_total = 5000;
  const std::string html = report_html(large, once * 2);
  EXPECT_LE(html.size(), once * 2);
  EXPECT_GE(html.size(), once * 3 / 2);
  EXPECT_THAT(html, HasSubstr("of 5,000 pairs, drawn at random"));
  EXPECT_TRUE(test::parsed_html(html).at("bad").empty());
  EXPECT_GT(test::parsed_html(html).at("samples").size(), 6u);
  EXPECT_LT(report_html(large, 0).size(), 60'000u);
}

TEST(ReportHtml, OfNothing) {
  CurationReport nothing;
  nothing.title = "empty";
  const Json html = test::parsed_html(report_html(nothing));
  EXPECT_TRUE(html.at("bad").empty() && html.at("open").empty());
}

TEST(ReportHistogram, BinsAreRoundAndHoldEverything) {
  const ReportHistogram words = report_histogram("Words", "words", {-3, 0, 5, 9, 10, 11, 12, 99});
  EXPECT_THAT(words.edges, ElementsAre(0, 2, 4, 6, 8, 10, 12, 14));
  EXPECT_THAT(words.counts, ElementsAre(2, 0, 1, 0, 1, 2, 2));
  const ReportHistogram none = report_histogram("Words", "words", {});
  EXPECT_THAT(none.edges, ElementsAre(0, 1));
  EXPECT_THAT(none.counts, ElementsAre(0));
  std::vector<int64_t> many(100'000);
  std::iota(many.begin(), many.end(), 0);
  const ReportHistogram large = report_histogram("Words", "words", many);
  EXPECT_EQ(std::accumulate(large.counts.begin(), large.counts.end(), int64_t{0}), 100'000);
  EXPECT_LE(large.counts.size(), 10u);
  EXPECT_EQ(large.edges[1], 10'000);
}

}  // namespace
}  // namespace recto
