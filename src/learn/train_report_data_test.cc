#include "learn/train_report_data.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/log.h"
#include "learn/train_test_support.h"

namespace recto {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class TrainReportDataTest : public testing::Test {
 protected:
  TrainReportDataTest() { set_log_level(LogLevel::kWarning); }

  std::string dataset(const std::string& name, const test::SmallDataset& options) const {
    test::write_small_dataset(directory_.path() / name, options);
    return (directory_.path() / name).string();
  }
  std::string text(const std::string& lines) const {
    write_file(directory_.path() / "t.jsonl", lines);
    return (directory_.path() / "t.jsonl").string();
  }

  TemporaryDirectory directory_;
};

TEST_F(TrainReportDataTest, PairsAreCountedBySourceLanguageAndKind) {
  const std::string large = dataset("large", {.families = 3, .pages = 2});
  const TrainingSources sources(
      {large, dataset("small", {.families = 2, .pages = 1}) + ":2.5",
       text("{\"query\":\"q\",\"passage\":\"p\",\"language\":\"de\",\"negatives\":[\"n\"]}\n")},
      0, 0);
  const std::vector<ReportedPairs> pairs = reported_pairs(sources.train());
  ASSERT_EQ(pairs.size(), 3u);
  EXPECT_EQ(pairs[0].source, large);
  EXPECT_EQ(pairs[0].language, "en");
  EXPECT_EQ(pairs[0].kind, "heading");
  EXPECT_EQ(pairs[0].pairs, 12);
  EXPECT_EQ(pairs[0].with_negatives, 12);
  EXPECT_THAT(pairs[1].source, HasSubstr("small (weight 2.5)"));
  EXPECT_EQ(pairs[1].pairs, 4);
  EXPECT_EQ(pairs[1].with_negatives, 0);
  EXPECT_EQ(pairs[2].language, "de");
  EXPECT_EQ(pairs[2].with_negatives, 1);
}

TEST_F(TrainReportDataTest, ExamplesComeFromEverySourceWithPicturesOrPassages) {
  const TrainingSources sources(
      {dataset("data", {.families = 6, .pages = 3}),
       text("{\"query\":\"q\",\"passage\":\"p\",\"language\":\"de\",\"negatives\":[\"n\"]}\n")},
      0, 0);
  const std::vector<ReportedExample> examples = reported_examples(sources, 0);
  ASSERT_EQ(examples.size(), 12u);
  size_t passages = 0;
  for (const ReportedExample& example : examples) {
    ASSERT_EQ(example.negatives.size(), 1u);
    if (example.query == "q") {
      ++passages;
      EXPECT_EQ(example.positive.passage, "p");
      EXPECT_EQ(example.negatives[0].passage, "n");
      continue;
    }
    for (const ReportedDocument& document : {example.positive, example.negatives[0]}) {
      EXPECT_EQ(document.page.document, "Book");
      EXPECT_EQ(document.page.licence, "CC0-1.0");
      EXPECT_THAT(document.page.jpeg, testing::StartsWith("\xFF\xD8\xFF"));
      EXPECT_EQ(document.page.width, 90);
    }
    EXPECT_NE(example.positive.page.page_id, example.negatives[0].page.page_id);
    EXPECT_THAT(example.positive.page.page_id,
                testing::EndsWith("-" + std::to_string(example.positive.page.number)));
  }
  EXPECT_EQ(passages, 1u);
}

TEST_F(TrainReportDataTest, TheReportIsMadeOfMetricsAndData) {
  TrainSettings settings;
  settings.output = (directory_.path() / "out").string();
  settings.data = {dataset("data", {.families = 2})};
  fs::create_directories(settings.output);
  write_file(fs::path(settings.output) / "metrics.jsonl",
             "{\"step\":1,\"loss\":3.5}\n{\"step\":2,\"loss\":2.5}\n{\"step\":3,\"los");
  const TrainingSources sources(settings.data, 0, 0);
  write_train_report({settings, sources, {{"Model", "nano"}}, {}}, "Finished after 2 steps.");
  const std::string html = read_file(fs::path(settings.output) / "train_report.html");
  for (const char* said : {"<bdi>out</bdi>", "Finished after 2 steps.", "step 2: loss 2.5", "nano",
                           "Peak memory of the process", "<code>batch_size</code>"}) {
    EXPECT_THAT(html, HasSubstr(said));
  }
}

}  // namespace
}  // namespace recto
