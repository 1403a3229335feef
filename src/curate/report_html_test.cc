#include "curate/report_html.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "base/file.h"
#include "base/json.h"
#include "base/sha256.h"
#include "curate/report_assets.h"
#include "page/decode.h"
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
    ReportSample sample{"q-" + std::to_string(i),
                        "Which one?",
                        "heading",
                        "outline",
                        "en",
                        "train",
                        i,
                        page(i + 1)};
    report.samples.push_back(sample);
  }
  report.samples[1].query = kHostile;
  report.samples[1].kind = "\" onclick=\"alert(3)";
  report.samples[2].query = "NUL \0, \x1b, \xFF and \xE2\x80\xAE turned"s;
  report.samples[3].page.jpeg.clear();
  return report;
}

/// What Python's parser sees: tags with their numbers, attributes that start scripts, addresses,
/// the data and the text of each sample; fails where elements do not nest.
constexpr const char* kParser = R"py(
import html.parser, json, sys

class Parser(html.parser.HTMLParser):
    VOID = {'meta', 'img', 'input'}

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.bad, self.sources = [], {}, [], []
        self.samples, self.query, self.ids = [], False, []

    def handle_starttag(self, tag, attributes):
        self.tags[tag] = self.tags.get(tag, 0) + 1
        data = dict(attributes)
        self.bad += [name for name, _ in attributes
                     if name.startswith('on') or name == 'style' or data[name] is None]
        if len(data) != len(attributes):
            self.bad.append('doubled attribute')
        self.sources += [value for name, value in attributes if name in ('src', 'href', 'action')]
        self.ids += [data['id']] if 'id' in data else []
        if 'sample' == data.get('class'):
            self.samples.append({**data, 'text': ''})
        self.query = data.get('class') == 'query'
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.bad.append('end of ' + tag)
        self.query = False

    def handle_data(self, text):
        if self.query:
            self.samples[-1]['text'] += text

parser = Parser()
parser.feed(open(sys.argv[1], encoding='utf-8').read())
parser.close()
print(json.dumps({'open': parser.open, 'tags': parser.tags, 'bad': parser.bad,
                  'sources': parser.sources, 'samples': parser.samples, 'ids': parser.ids}))
)py";

class ReportHtml : public ::testing::Test {
 protected:
  Json parsed(const std::string& html) const {
    write_file(directory_.path() / "parse.py", kParser);
    write_file(directory_.path() / "report.html", html);
    const test::CommandResult result = test::run_command(fmt::format(
        "'{}' '{}' '{}'", test::python().string(), (directory_.path() / "parse.py").string(),
        (directory_.path() / "report.html").string()));
    EXPECT_EQ(result.status, 0) << result.err;
    return parse_json(result.out, "report.html");
  }

 private:
  TemporaryDirectory directory_;
};

TEST_F(ReportHtml, IsWellFormedAndHostileTextStaysText) {
  const Json html = parsed(report_html(report()));
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

TEST_F(ReportHtml, LoadsNothing) {
  const std::string html = report_html(report());
  const Json found = parsed(html);
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

TEST_F(ReportHtml, ThePolicyNamesItsOwnScriptAndStyle) {
  const std::string html = report_html(report());
  const test::CommandResult digest = test::run_command(fmt::format(
      "'{}' -c \"import base64; print(base64.b64encode(bytes.fromhex('{}')).decode())\"",
      test::python().string(), sha256_hex(report_script())));
  EXPECT_THAT(html, HasSubstr("script-src 'sha256-" + digest.out.substr(0, 44) + "'"));
  EXPECT_THAT(html, HasSubstr("<script>" + std::string(report_script()) + "</script>"));
}

TEST_F(ReportHtml, TheSameReportGivesTheSameBytes) {
  EXPECT_EQ(report_html(report()), report_html(report()));
}

TEST_F(ReportHtml, StaysBelowItsLimit) {
  CurationReport large = report();
  const size_t once = report_html(large).size();
  while (large.samples.size() < 200) large.samples.push_back(large.samples.front());
  while (large.near_pairs.size() < 100) large.near_pairs.push_back(large.near_pairs.front());
  large.samples_total = 5000;
  const std::string html = report_html(large, once * 2);
  EXPECT_LE(html.size(), once * 2);
  EXPECT_GE(html.size(), once * 3 / 2);
  EXPECT_THAT(html, HasSubstr("of 5,000 pairs, drawn at random"));
  EXPECT_TRUE(parsed(html).at("bad").empty());
  EXPECT_GT(parsed(html).at("samples").size(), 6u);
  EXPECT_LT(report_html(large, 0).size(), 60'000u);
}

TEST_F(ReportHtml, OfNothing) {
  CurationReport nothing;
  nothing.title = "empty";
  const Json html = parsed(report_html(nothing));
  EXPECT_TRUE(html.at("bad").empty() && html.at("open").empty());
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
