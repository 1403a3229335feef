#include "learn/reading_blocks.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/log.h"

namespace recto {
namespace {

constexpr int64_t kBlockTiles = 256;
constexpr int kPagesOfADocument = 4;  // drawn one after the other, while it is open
constexpr size_t kFewWords = 8;
constexpr double kAspect = 0.06;       // pages are stretched to whole tiles by up to so much
constexpr double kResampled = 0.5;     // share of the pages that are drawn at another size first,
constexpr double kLeastFiner = 0.9;    // of so many times the pixels in each direction:
constexpr double kMostFiner = 1.6;     // pictures kept in a dataset are resized before they are cut
constexpr double kLargeLetters = 1.3;  // times the median height
constexpr uint64_t kHeldOutSeed = 0x7265616465722121;

float height_of(const Word& word) { return word.bottom - word.top; }

float median_height(const std::vector<Word>& words) {
  std::vector<float> heights;
  for (const Word& word : words) heights.push_back(height_of(word));
  const auto middle = heights.begin() + static_cast<ptrdiff_t>(heights.size() / 2);
  std::nth_element(heights.begin(), middle, heights.end());
  return *middle;
}

/// One of the words with large letters.
std::optional<size_t> draw_large_word(const std::vector<Word>& words, Random& random) {
  const auto least = static_cast<float>(kLargeLetters) * median_height(words);
  std::vector<size_t> large;
  for (size_t i = 0; i < words.size(); ++i) {
    if (height_of(words[i]) > least) large.push_back(i);
  }
  if (large.empty()) return std::nullopt;
  return large[random.below(large.size())];
}

double draw_between(double least, double most, Random& random) {
  return least + (most - least) * random.uniform();
}

int draw_in(int size, int extent, Random& random) {
  return size > extent ? static_cast<int>(random.below(static_cast<uint64_t>(size - extent + 1)))
                       : 0;
}

int words_inside(const ReadingPage& page, const TileRectangle& rectangle) {
  const auto w = static_cast<float>(page.image.width), h = static_cast<float>(page.image.height);
  return static_cast<int>(std::count_if(page.words.begin(), page.words.end(), [&](const Word& a) {
    const float x = (a.left + a.right) / 2 * w - static_cast<float>(rectangle.x);
    const float y = (a.top + a.bottom) / 2 * h - static_cast<float>(rectangle.y);
    return x >= 0 && y >= 0 && x < static_cast<float>(rectangle.width) &&
           y < static_cast<float>(rectangle.height);
  }));
}

/// A place where there is something to read, if a few tries find one.
TileRectangle draw_place(const ReadingPage& page, int width, int height, Random& random) {
  TileRectangle best{0, 0, width, height};
  int most = -1;
  for (int tries = 0; tries < 4; ++tries) {
    const TileRectangle place{draw_in(page.image.width, width, random),
                              draw_in(page.image.height, height, random), width, height};
    const int words = words_inside(page, place);
    if (words > most) best = place;
    most = std::max(most, words);
    if (words >= static_cast<int>(kFewWords)) break;
  }
  return best;
}

/// Around the middle of `word`, not always in the middle.
TileRectangle place_around(const ReadingPage& page, const Word& word, int width, int height,
                           Random& random) {
  const auto along = [&](float middle, int size, int extent) {
    const int shift = static_cast<int>(random.below(static_cast<uint64_t>(extent)));
    const int begin = static_cast<int>(middle * static_cast<float>(size)) - shift;
    return std::clamp(begin, 0, std::max(0, size - extent));
  };
  return {along((word.left + word.right) / 2, page.image.width, width),
          along((word.top + word.bottom) / 2, page.image.height, height), width, height};
}

}  // namespace

ReadingBlocks::ReadingBlocks(const ReadingCorpus& corpus, const TrainSettings& common,
                             const ReadingSettings& reading, const TileShape& shape,
                             int longest_edge, const Tokenizer& tokenizer)
    : corpus_(corpus),
      reading_(reading),
      shape_(shape),
      longest_edge_(longest_edge),
      seed_(common.seed),
      batch_(common.batch_size),
      steps_(std::max<int64_t>(1, kBlockTiles / common.batch_size)),
      scales_(parse_page_scales(reading.page_scales)),
      labels_(tokenizer) {}

ReadingTile ReadingBlocks::draw_tile(const ReadingPage& page, int side, Random& random) {
  Random* noise = random.uniform() < reading_.degraded_tiles ? &random : nullptr;
  const double kind = random.uniform();
  if (kind < reading_.line_tiles) {
    const size_t word = random.below(page.words.size());
    return cut_tile(one_line(page, word, side, random), {0, 0, side, side}, shape_, labels_, noise);
  }
  const double aspect = 1 + kAspect * (2 * random.uniform() - 1);
  const int width = std::min(page.image.width, static_cast<int>(std::lround(side * aspect)));
  const int height = std::min(page.image.height, side);
  if (kind < reading_.line_tiles + reading_.heading_tiles) {
    if (const auto word = draw_large_word(page.words, random)) {
      return cut_tile(page, place_around(page, page.words[*word], width, height, random), shape_,
                      labels_, noise);
    }
  }
  return cut_tile(page, draw_place(page, width, height, random), shape_, labels_, noise);
}

void ReadingBlocks::add_page(const ReadingDocument& document, Random& random,
                             std::vector<ReadingTile>& tiles) {
  const int number = 1 + static_cast<int>(random.below(static_cast<uint64_t>(document.pages)));
  const double scale = draw_between(scales_.first, scales_.second, random);
  const double finer =
      random.uniform() < kResampled ? draw_between(kLeastFiner, kMostFiner, random) : 1;
  ReadingPage page;
  try {
    page = reader_.read(document.path, number,
                        static_cast<int>(std::lround(longest_edge_ * scale * finer)));
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kInterrupted) throw;
    log_warning("{}", error.what());
    return;
  }
  if (page.words.size() < kFewWords) return;
  const int side = static_cast<int>(std::lround(shape_.tile * finer));
  for (int i = 0; i < reading_.page_tiles; ++i) tiles.push_back(draw_tile(page, side, random));
}

std::vector<ReadingTile> ReadingBlocks::make(int64_t number) {
  Random random(seed_, static_cast<uint64_t>(number));
  const auto wanted = static_cast<size_t>(steps_ * batch_);
  std::vector<ReadingTile> tiles;
  const size_t most_draws = 10 * wanted + 100;
  for (size_t draws = 0; tiles.size() < wanted; ++draws) {
    throw_if_interrupted();
    if (draws > most_draws) {
      fail(ErrorCode::kBadInput,
           "hardly a page of the documents can be read or has words; PDFs with a text layer are "
           "wanted");
    }
    const ReadingDocument& document = draw_document(corpus_.train(), random);
    for (int i = 0; i < kPagesOfADocument; ++i) add_page(document, random, tiles);
  }
  tiles.resize(wanted);
  random.shuffle(tiles);
  return tiles;
}

ReadingBlocks::HeldOut ReadingBlocks::held_out(int count) {
  HeldOut held_out;
  if (corpus_.held_out().empty()) return held_out;
  Random random(kHeldOutSeed);
  const auto wanted = static_cast<size_t>(count);
  for (size_t draws = 0; held_out.tiles.size() < wanted && draws < 20 * wanted; ++draws) {
    throw_if_interrupted();
    const ReadingDocument& document = draw_document(corpus_.held_out(), random);
    const int number = 1 + static_cast<int>(random.below(static_cast<uint64_t>(document.pages)));
    const ReadingPage page = reader_.read(document.path, number, longest_edge_);
    if (page.words.size() < kFewWords) continue;
    const int width = std::min(page.image.width, shape_.tile);
    const int height = std::min(page.image.height, shape_.tile);
    held_out.tiles.push_back(
        cut_tile(page, draw_place(page, width, height, random), shape_, labels_));
    const size_t word = random.below(page.words.size());
    held_out.lines.push_back(cut_tile(one_line(page, word, shape_.tile, random),
                                      {0, 0, shape_.tile, shape_.tile}, shape_, labels_));
  }
  return held_out;
}

}  // namespace recto
