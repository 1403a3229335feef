// What each step that can be left out does, on two books that have a page in common.
#include "curate/comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "curate/test_book.h"
#include "data/dataset.h"
#include "data/dataset_validate.h"
#include "support/errors.h"

namespace recto {
namespace {
namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kShared = "Annex with the tables of both books";

class Comparison : public ::testing::Test {
 protected:
  Comparison() {
    fs::create_directory(in());
    write_file(in() / "engines.pdf", book_with("Oil pressure limits of the engines"));
    write_file(in() / "drives.pdf", book_with("Belt tension limits of the drives"));
    options_.longest_edge = 400;
    options_.validation_share = 0;
    options_.test_share = 0;
    options_.negatives.per_query = 0;
  }

  static std::string book_with(const std::string& heading) {
    return test::book({heading, kShared}, {{heading, 1}, {kShared, 2}});
  }

  fs::path in() const { return directory_.path() / "in"; }
  fs::path out() const { return directory_.path() / "out"; }

  /// Curates, and gives how many answers each query of these words has.
  std::map<std::string, std::multiset<size_t>> answers() {
    curate({in()}, out(), options_);
    const Validation validation = validate_dataset(out(), {});
    EXPECT_TRUE(validation.ok()) << describe(validation);
    const Dataset dataset = Dataset::open(out());
    std::map<std::string, size_t> pages;
    for (const QrelRow& row : dataset.qrels("train")) ++pages[row.query_id];
    std::map<std::string, std::multiset<size_t>> answers;
    for (const QueryRow& row : dataset.queries("train")) {
      answers[row.query].insert(pages[row.query_id]);
    }
    return answers;
  }

  std::set<std::string> near_groups() const {
    std::set<std::string> groups;
    for (const PageRow& row : Dataset::open(out()).pages("train")) groups.insert(row.near_group);
    groups.erase("");
    return groups;
  }

  std::set<std::string> families() const {
    std::set<std::string> families;
    for (const auto& row : Dataset::open(out()).documents("train")) families.insert(row.family);
    return families;
  }

  bool says(const char* file, const std::string& text) const {
    return read_file(out() / file).find(text) != std::string::npos;
  }

  TemporaryDirectory directory_;
  CurateOptions options_;
};

TEST_F(Comparison, WithAllStepsOneQueryHasBothPages) {
  EXPECT_THAT(answers()[kShared], ElementsAre(2));
  EXPECT_EQ(near_groups().size(), 1u);
  EXPECT_EQ(families().size(), 1u);
  EXPECT_FALSE(says("report.html", "For comparisons only"));
  EXPECT_FALSE(says("README.md", "For comparisons only"));
}

TEST_F(Comparison, WithoutCleaningEachCandidateIsAQuery) {
  options_.cleaning = false;
  EXPECT_THAT(answers()[kShared], ElementsAre(1, 1));
  EXPECT_EQ(near_groups().size(), 1u) << "they are looked for";
  EXPECT_TRUE(says("report.html", "queries are not cleaned (--cleaning off)"));
  EXPECT_TRUE(says("README.md", "queries are not cleaned (--cleaning off)"));
  EXPECT_EQ(Dataset::open(out()).manifest()["settings"]["cleaning"], false);
}

TEST_F(Comparison, WithoutCleaningWhatBreaksARuleStays) {
  const std::string heading = "The oil pressure limits as shown in the figure above";
  write_file(in() / "engines.pdf", book_with(heading));
  EXPECT_THAT(answers()[heading], IsEmpty());
  fs::remove_all(out());
  options_.cleaning = false;
  EXPECT_THAT(answers()[heading], ElementsAre(1));
}

TEST_F(Comparison, WithoutNearDuplicatesEveryPageStandsForItself) {
  options_.near_duplicates = false;
  EXPECT_THAT(answers()[kShared], IsEmpty()) << "words of two families are ambiguous";
  EXPECT_THAT(near_groups(), IsEmpty());
  EXPECT_EQ(families().size(), 2u);
  EXPECT_TRUE(says("report.html", "They were not looked for."));
  EXPECT_TRUE(says("report.html", "(--near-duplicates off)"));
  EXPECT_EQ(Dataset::open(out()).manifest()["settings"]["near_duplicates"], false);
}

TEST_F(Comparison, AnotherSwitchIsAnotherRun) {
  curate({in()}, out(), options_);
  EXPECT_EQ(curate({in()}, out(), options_).documents, 2) << "complete already";
  options_.cleaning = false;
  test::error_of([&] { curate({in()}, out(), options_); }, ErrorCode::kUsage);
  options_.cleaning = true;
  options_.near_duplicates = false;
  test::error_of([&] { curate({in()}, out(), options_); }, ErrorCode::kUsage);
}

TEST(ComparisonNotice, NamesWhatIsLeftOut) {
  CurateOptions options;
  EXPECT_EQ(comparison_notice(options), "");
  options.cleaning = options.near_duplicates = false;
  EXPECT_THAT(comparison_notice(options), HasSubstr("--cleaning off"));
  EXPECT_THAT(comparison_notice(options), HasSubstr("--near-duplicates off"));
}

TEST(ComparisonNotice, AJudgeWithoutWorkIsRefused) {
  CurateOptions options;
  options.judge = "model";
  options.cleaning = false;
  options.negatives.per_query = 0;
  EXPECT_THAT(test::error_of([&] { check_options(options); }, ErrorCode::kUsage),
              HasSubstr("--cleaning off and --negatives 0"));
}

}  // namespace
}  // namespace recto
