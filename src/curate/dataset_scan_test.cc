#include "curate/dataset_scan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/error.h"
#include "base/file.h"
#include "base/random.h"
#include "base/sha256.h"
#include "data/dataset.h"
#include "data/dataset_id.h"
#include "data/dataset_validate.h"
#include "data/page_id.h"
#include "page/decode.h"
#include "page/encode.h"
#include "page/perceptual_hash.h"
#include "support/errors.h"

namespace recto {
namespace {
namespace fs = std::filesystem;
using ::testing::HasSubstr;

Image picture(int seed) {
  Image image{120, 160, std::vector<uint8_t>(120 * 160 * 3, 255)};
  Random random(seed);
  for (int block = 0; block < 40; ++block) {
    const size_t x = random.below(100), y = random.below(150);
    for (size_t i = 0; i < 20 * 3; ++i) image.rgb[(y * 120 + x) * 3 + i] = 0;
  }
  return image;
}

/// Two pages and a query in the split train, two pages in test.
class ScanDataset : public ::testing::Test {
 protected:
  ScanDataset() : source_(folder_.path() / "source") {
    fs::create_directory(source_);
    DatasetWriter writer(source_);
    for (const std::string split : {"train", "test"}) add_document(writer, split);
    writer.finish({{"run_sha256", "a run's"}}, "# Pages\n");
  }

  void add_document(DatasetWriter& writer, const std::string& split) {
    const std::string id = sha256_hex(split);
    writer.add(split, DocumentRow{.document_id = id,
                                  .source_name = split + ".pdf",
                                  .pages = 2,
                                  .language = "en",
                                  .family = "family-" + split,
                                  .split = split});
    for (int number = 1; number <= 2; ++number) {
      const Image image = picture(number + static_cast<int>(split.size()));
      writer.add(split, PageRow{.page_id = make_page_id(id, number),
                                .document_id = id,
                                .page_number = number,
                                .image = encode_jpeg(image, 85),
                                .width = image.width,
                                .height = image.height,
                                .text = "some words",
                                .text_source = "text_layer",
                                .words = {"some", "words"},
                                .word_boxes = {0, 0, 1, 0.5, 0, 0.5, 1, 1},
                                .language = "en",
                                .language_confidence = 1,
                                .perceptual_hash = hash_text(perceptual_hash(image))});
    }
    writer.add(split, QueryRow{"q-" + split, "words of " + split, "en", "heading", "outline", "1"});
    writer.add(split, QrelRow{"q-" + split, make_page_id(id, 1), 1});
    writer.add(split, AuditRow{id, "document", "kept", "rendered", 2, 2});
  }

  ScanReport scan(const std::string& name, const ScanOptions& options = {}) {
    return scan_dataset(source_, folder_.path() / name, options);
  }
  Dataset open(const std::string& name) const { return Dataset::open(folder_.path() / name); }
  std::string tables_of(const std::string& name) const { return dataset_id(open(name).manifest()); }

  TemporaryDirectory folder_;
  fs::path source_;
};

TEST_F(ScanDataset, KeepsIdsQueriesAndSplitsAndTakesTheText) {
  const ScanReport report = scan("scan");
  EXPECT_EQ(report.pages, 4);
  EXPECT_TRUE(report.ocr.empty());
  const Dataset before = Dataset::open(source_), after = open("scan");
  for (const std::string split : {"train", "test"}) {
    const auto was = before.pages(split), is = after.pages(split);
    ASSERT_EQ(is.size(), was.size());
    for (size_t i = 0; i < is.size(); ++i) {
      EXPECT_EQ(is[i].page_id, was[i].page_id);
      EXPECT_EQ(is[i].language, "en");
      EXPECT_EQ(is[i].text + is[i].text_source, "none");
      const Image image = decode_image(as_bytes(after.image(split, is[i].page_id)), "scan");
      EXPECT_EQ(std::pair(image.width, image.height), std::pair(was[i].width, was[i].height));
      EXPECT_NE(image.rgb, decode_image(as_bytes(before.image(split, was[i].page_id)), "was").rgb);
      EXPECT_EQ(is[i].perceptual_hash, hash_text(perceptual_hash(image)));
    }
    EXPECT_EQ(after.queries(split)[0].query_id, before.queries(split)[0].query_id);
    EXPECT_EQ(after.qrels(split)[0].page_id, before.qrels(split)[0].page_id);
    EXPECT_EQ(after.documents(split)[0].family, before.documents(split)[0].family);
    after.for_each_page(split, [](PageRow&& row) { EXPECT_TRUE(row.word_boxes.empty()); });
  }
  const Validation validation = validate_dataset(folder_.path() / "scan", {});
  EXPECT_TRUE(validation.ok()) << describe(validation);
}

TEST_F(ScanDataset, SaysOfWhatItIsAScan) {
  scan("scan", {.seed = 5, .jpeg_quality = 70});
  const Json manifest = open("scan").manifest();
  const Json& entry = manifest.at("scanned").at(0);
  EXPECT_EQ(entry.at("dataset"), dataset_id(Dataset::open(source_).manifest()));
  EXPECT_EQ(entry.at("seed"), 5);
  EXPECT_EQ(entry.at("jpeg_quality"), 70);
  EXPECT_EQ(entry.at("tesseract"), "off");
  EXPECT_FALSE(manifest.contains("run_sha256")) << "no curation may take it for its own output";
  const std::string card = read_file(folder_.path() / "scan/README.md");
  EXPECT_THAT(card, HasSubstr("## Changes"));
  EXPECT_THAT(card, HasSubstr(entry.at("dataset").get<std::string>()));
}

TEST_F(ScanDataset, SeedDecidesAndThreadsDoNot) {
  scan("one", {.seed = 1});
  scan("again", {.seed = 1, .threads = 3});
  scan("other", {.seed = 2});
  EXPECT_EQ(tables_of("one"), tables_of("again"));
  EXPECT_NE(tables_of("one"), tables_of("other"));
}

TEST_F(ScanDataset, OtherSplitsStay) {
  const ScanReport report = scan("scan", {.splits = {"test"}, .longest_edge = 80});
  EXPECT_EQ(report.pages, 2);
  EXPECT_EQ(report.other_pages, 2);
  const Dataset after = open("scan");
  EXPECT_EQ(after.pages("train")[0].text, "some words");
  EXPECT_EQ(after.pages("train")[0].height, 160);
  EXPECT_EQ(after.pages("test")[0].height, 80);
  EXPECT_EQ(after.pages("test")[0].text, "");
}

TEST_F(ScanDataset, RefusesWhatCannotBeMeant) {
  EXPECT_THAT(test::error_of([&] { scan("scan", {.splits = {"dev"}}); }, ErrorCode::kUsage),
              HasSubstr("no split \"dev\"; it has"));
  test::error_of([&] { scan("source"); }, ErrorCode::kUsage);
  EXPECT_FALSE(fs::exists(folder_.path() / "scan"));
}

TEST_F(ScanDataset, APageWithoutAPictureCannotBeScanned) {
  const fs::path bare = folder_.path() / "bare";
  fs::create_directory(bare);
  DatasetWriter writer(bare);
  writer.add("train", PageRow{.page_id = make_page_id(sha256_hex("x"), 1)});
  writer.finish({}, "");
  EXPECT_THAT(test::error_of([&] { scan_dataset(bare, folder_.path() / "scan", {}); },
                             ErrorCode::kBadInput),
              HasSubstr("has no picture"));
  EXPECT_FALSE(fs::exists(folder_.path() / "scan"));
}

TEST_F(ScanDataset, OcrThatIsNotThereIsSaidBeforeAnythingIsWritten) {
  const std::string path = std::getenv("PATH");
  ::setenv("PATH", "/nonexistent", 1);
  const std::string message =
      test::error_of([&] { scan("scan", {.ocr = true}); }, ErrorCode::kNotFound);
  ::setenv("PATH", path.c_str(), 1);
  EXPECT_THAT(message, HasSubstr("tesseract is not on the PATH"));
  EXPECT_FALSE(fs::exists(folder_.path() / "scan"));
}

}  // namespace
}  // namespace recto
