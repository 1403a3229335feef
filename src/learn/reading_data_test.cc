// Tiles of pages and what is asked about them.

#include <gmock/gmock.h>

#include <algorithm>

#include "learn/character_classes.h"
#include "learn/reading_blocks.h"
#include "learn/reading_test_support.h"
#include "model/model_directory.h"
#include "page/degrade.h"
#include "support/errors.h"

namespace recto {
namespace {

using testing::Contains;
using testing::HasSubstr;

TEST(CharacterClasses, FoldWhatPeopleTakeForOneCharacter) {
  EXPECT_EQ(character_class(U' '), 0);
  EXPECT_EQ(character_class(U'\u00A0'), 0);
  EXPECT_EQ(character_class(U'A'), character_class(U'a'));
  EXPECT_EQ(character_class(U'É'), character_class(U'é'));
  EXPECT_NE(character_class(U'é'), character_class(U'e'));
  EXPECT_EQ(character_class(U'’'), character_class(U'\''));
  EXPECT_EQ(character_class(U'—'), character_class(U'-'));
  EXPECT_EQ(character_class(U'日'), character_class_count() - 1);
  EXPECT_LT(character_class(U'z'), 27);
}

TEST(CharacterClasses, WideAndNarrowOnes) {
  EXPECT_LT(character_width(U'i'), character_width(U'n'));
  EXPECT_GT(character_width(U'm'), character_width(U'n'));
  EXPECT_GT(character_width(U'N'), character_width(U'n'));
}

Image white(int width, int height) {
  return {width, height, std::vector<uint8_t>(static_cast<size_t>(width * height) * 3, 255)};
}

class ReadingTile_ : public test::ReadingTest {
 protected:
  const std::shared_ptr<const ModelDirectory> model_ = ModelDirectory::open(root() / "model");
  WordLabels labels_{model_->tokenizer()};
  TileShape shape_;

  std::vector<int32_t> ids(const std::string& text) const {
    return model_->tokenizer().encode_ordinary(text);
  }
};

TEST_F(ReadingTile_, WordsAreAskedWhereTheyStand) {
  // "river" from x = 64 to 104, y = 32 to 44 of a page of 256 x 256 pixels.
  const ReadingPage page{white(256, 256),
                         {{"river", 64 / 256.F, 32 / 256.F, 104 / 256.F, 44 / 256.F}}};
  const ReadingTile tile = cut_tile(page, {0, 0, 256, 256}, shape_, labels_);
  EXPECT_EQ(tile.text, ids(" river"));
  ASSERT_EQ(tile.tokens.size(), tile.text.size());
  for (const ReadingTile::Token& token : tile.tokens) {
    EXPECT_EQ(token.patch / 16, 2);
    EXPECT_GE(token.patch % 16, 4);
    EXPECT_LE(token.patch % 16, 6);
    EXPECT_EQ(token.visual_token, 1);
  }
  std::string read;
  for (size_t i = 0; i < tile.slots.size(); ++i) {
    if (tile.slots[i] == 0) continue;
    EXPECT_EQ(i / 8 / 16, 2U);  // all in one row of patches
    read += static_cast<char>('a' + tile.slots[i] - 1);
  }
  EXPECT_EQ(read, "river");
  EXPECT_EQ(tile.pixels.size(), 3U * 256 * 256);
}

TEST_F(ReadingTile_, AStretchedPartOfAPage) {
  const ReadingPage page{white(512, 400),
                         {{"the", 0.5F, 0.5F, 0.55F, 0.52F}, {"valve", 0.1F, 0.1F, 0.2F, 0.12F}}};
  const ReadingTile tile = cut_tile(page, {200, 100, 240, 256}, shape_, labels_);
  EXPECT_EQ(tile.text, ids(" the"));
  ASSERT_FALSE(tile.tokens.empty());
  // x = (512 * 0.5 - 200) * 256 / 240 = 60 to 87, y = 0.51 * 400 - 100 = 104.
  EXPECT_EQ(tile.tokens[0].patch / 16, 6);
  EXPECT_GE(tile.tokens[0].patch % 16, 3);
  EXPECT_LE(tile.tokens[0].patch % 16, 5);
}

TEST_F(ReadingTile_, AWordOverTheEdgeIsNotTranscribed) {
  const ReadingPage page{white(256, 256), {{"bridge", 0.9F, 0.5F, 1.2F, 0.55F}}};
  const ReadingTile tile = cut_tile(page, {0, 0, 256, 256}, shape_, labels_);
  EXPECT_THAT(tile.text, testing::IsEmpty());
  EXPECT_THAT(tile.slots, Contains(character_class(U'b')));
}

TEST_F(ReadingTile_, ALineAlone) {
  ReadingPage page{white(600, 400), {}};
  const auto add = [&](const char* text, float left, float top) {
    page.words.push_back({text, left, top, left + 0.1F, top + 0.03F});
  };
  add("river", 0.1F, 0.1F);
  add("valve", 0.22F, 0.1F);
  add("budget", 0.1F, 0.2F);
  Random random(1);
  const ReadingPage line = one_line(page, 0, 256, random);
  ASSERT_EQ(line.words.size(), 2U);
  const ReadingTile tile = cut_tile(line, {0, 0, 256, 256}, shape_, labels_);
  EXPECT_THAT(tile.text, testing::ElementsAreArray(ids(" river valve")));
  // What is wider than a tile is cut between words.
  ReadingPage wide{white(2000, 400), page.words};
  EXPECT_EQ(one_line(wide, 1, 256, random).words.size(), 1U);
}

TEST(TileNoise, ChangesPixelsByWhatIsDrawn) {
  Image image = white(64, 64);
  for (size_t i = 0; i < image.rgb.size(); ++i) image.rgb[i] = i % 7 == 0 ? 0 : 255;
  int changed = 0;
  for (uint64_t seed = 0; seed < 12; ++seed) {
    Random a(seed), b(seed);
    const Image noisy = degraded(image, a);
    EXPECT_EQ(noisy.rgb.size(), image.rgb.size());
    EXPECT_EQ(noisy.rgb, degraded(image, b).rgb);
    changed += noisy.rgb != image.rgb ? 1 : 0;
  }
  EXPECT_EQ(changed, 12);
}

class ReadingBlocks_ : public ReadingTile_ {};

TEST_F(ReadingBlocks_, ABlockIsDecidedBySeedAndNumber) {
  TrainSettings settings = common("none");
  settings.batch_size = 100;
  const ReadingCorpus corpus(settings, reading());
  ASSERT_EQ(corpus.train().size(), 2U);
  ASSERT_EQ(corpus.held_out().size(), 1U);
  const auto blocks = [&] {
    return ReadingBlocks(corpus, settings, reading(), shape_, 512, model_->tokenizer());
  };
  ReadingBlocks a = blocks(), b = blocks();
  const std::vector<ReadingTile> first = a.make(3);
  EXPECT_EQ(first.size(), 200U);
  static_cast<void>(b.make(0));
  const std::vector<ReadingTile> again = b.make(3), other = b.make(4);
  int equal = 0;
  for (size_t i = 0; i < first.size(); ++i) {
    EXPECT_EQ(first[i].pixels, again[i].pixels);
    EXPECT_EQ(first[i].text, again[i].text);
    equal += first[i].pixels == other[i].pixels ? 1 : 0;
  }
  EXPECT_LT(equal, 20);
  const auto with_text = std::count_if(first.begin(), first.end(),
                                       [](const ReadingTile& tile) { return !tile.text.empty(); });
  EXPECT_GT(with_text, 150);
  EXPECT_EQ(a.held_out(3).lines.size(), 3U);
}

/// Mean darkness of the 4 x 8 pixels of a slot, 0 to 255.
double ink_of(const ReadingTile& tile, size_t index) {
  const size_t patch = index / 8, slot = index % 8;
  const size_t x = patch % 16 * 16 + slot % 4 * 4, y = patch / 16 * 16 + slot / 4 * 8;
  double ink = 0;
  for (size_t row = y; row < y + 8; ++row) {
    for (size_t column = x; column < x + 4; ++column) ink += 255 - tile.pixels[row * 256 + column];
  }
  return ink / 32;
}

TEST_F(ReadingBlocks_, CharactersAreAskedWhereThereIsInk) {
  TrainSettings settings = common("none");
  settings.batch_size = 64;
  ReadingSettings clean = reading();
  clean.degraded_tiles = 0;
  const ReadingCorpus corpus(settings, clean);
  ReadingBlocks blocks(corpus, settings, clean, shape_, 1024, model_->tokenizer());
  double ink[2] = {0, 0};
  double slots[2] = {0, 0};
  for (const ReadingTile& tile : blocks.make(0)) {
    for (size_t i = 0; i < tile.slots.size(); ++i) {
      const int kind = tile.slots[i] > 0 ? 1 : 0;
      ink[kind] += ink_of(tile, i);
      ++slots[kind];
    }
  }
  EXPECT_GT(slots[1], 5000);
  EXPECT_GT(ink[1] / slots[1], 6 * ink[0] / slots[0]);
  // Hardly any ink is elsewhere: large letters fill several slots, of which one is asked.
  EXPECT_GT(ink[1] / slots[1], 30);
}

TEST_F(ReadingBlocks_, DocumentsByPatternAndWeight) {
  TrainSettings settings = common("none");
  settings.data = {(root() / "pdfs").string() + ":2"};
  ReadingSettings chosen = reading();
  chosen.leave_out = {R"(.*/book0\.pdf)"};
  chosen.document_pages = 2;
  const ReadingCorpus corpus(settings, chosen);
  ASSERT_EQ(corpus.train().size(), 1U);
  EXPECT_EQ(corpus.train()[0].weight, 4);
  chosen.leave_out = {"book"};
  EXPECT_THAT(test::error_of([&] { ReadingCorpus(settings, chosen); }, ErrorCode::kNotFound),
              HasSubstr("--leave-out \"book\" matches no document"));
  chosen.leave_out = {R"(.*/book[01]\.pdf)"};
  EXPECT_THAT(test::error_of([&] { ReadingCorpus(settings, chosen); }, ErrorCode::kNotFound),
              HasSubstr("no document is left to train on"));
}

TEST_F(ReadingBlocks_, PagesWithoutWordsAreNoUse) {
  std::filesystem::create_directories(root() / "blank");
  test::PdfBuilder builder;
  builder.add_page("0 0 10 10 re f");
  write_file(root() / "blank" / "blank.pdf", builder.finish());
  TrainSettings settings = common("none");
  settings.data = {(root() / "blank").string()};
  ReadingSettings chosen = reading();
  chosen.hold_out = {};
  const ReadingCorpus corpus(settings, chosen);
  settings.batch_size = 1;
  ReadingBlocks blocks(corpus, settings, chosen, shape_, 64, model_->tokenizer());
  EXPECT_THAT(test::error_of([&] { blocks.make(0); }, ErrorCode::kBadInput),
              HasSubstr("PDFs with a text layer"));
}

TEST(ReadingSettings, RefusesWhatCannotBeMeant) {
  struct Case {
    std::function<void(TrainSettings&, ReadingSettings&)> change;
    const char* message;
  };
  const Case cases[] = {
      {[](auto& c, auto&) { c.max_steps = 0; }, "--max-steps"},
      {[](auto& c, auto&) { c.method = "full"; }, "--method has no meaning"},
      {[](auto& c, auto&) { c.temperature = 0.5; }, "--temperature has no meaning"},
      {[](auto& c, auto&) { c.loss = {"infonce:2"}; }, "--loss infonce:2"},
      {[](auto& c, auto&) { c.loss = {"tokens:-1"}; }, "a weight of 0 or more"},
      {[](auto& c, auto&) { c.loss = {"tokens:0"}; }, "nothing is learned"},
      {[](auto& c, auto& r) { c.loss = {"transcription"}, r.transcribed_tiles = 0; },
       "--transcribed-tiles is 0"},
      {[](auto&, auto& r) { r.page_scales = "2-1"; }, "--page-scales"},
      {[](auto&, auto& r) { r.page_scales = "big"; }, "--page-scales"},
      {[](auto&, auto& r) { r.muon_lr = 0; }, "--muon-lr"},
      {[](auto&, auto& r) { r.page_tiles = 0; }, "--page-tiles"},
      {[](auto&, auto& r) { r.decay = 2; }, "--decay"},
      {[](auto&, auto& r) { r.hold_out = {"("}; }, "--hold-out"},
  };
  for (const Case& c : cases) {
    TrainSettings common;
    common.max_steps = 1;
    ReadingSettings reading;
    c.change(common, reading);
    try {
      check_reading_settings(common, reading);
      ADD_FAILURE() << c.message;
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr(c.message));
    }
  }
}

TEST(ReadingSettings, OtherTrainingsHaveNoneOfThem) {
  ReadingSettings reading;
  refuse_reading_settings(reading);
  reading.line_tiles = 0.5;
  EXPECT_THAT(test::error_of([&] { refuse_reading_settings(reading); }, ErrorCode::kUsage),
              HasSubstr("--line-tiles has no meaning without --objective reading"));
}

TEST(ReadingSettings, LossesAndRates) {
  EXPECT_EQ(parse_reading_losses(TrainSettings().loss).tokens, 0.5);
  const ReadingLosses losses = parse_reading_losses({"characters:2,bag"});
  EXPECT_EQ(losses.characters, 2);
  EXPECT_EQ(losses.bag, 1);
  EXPECT_EQ(losses.transcription, 0);
  EXPECT_DOUBLE_EQ(reading_rate_factor(0, 100, 10, 0.4), 0.1);
  EXPECT_DOUBLE_EQ(reading_rate_factor(0, 100, 0.1, 0.4), 0.1);
  EXPECT_DOUBLE_EQ(reading_rate_factor(30, 100, 10, 0.4), 1);
  EXPECT_NEAR(reading_rate_factor(79, 100, 10, 0.4), 0.5125, 1e-9);
  EXPECT_NEAR(reading_rate_factor(99, 100, 10, 0.4), 0.0125, 1e-9);
}

}  // namespace
}  // namespace recto
