#include "learn/reading_tile.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"
#include "base/utf8.h"
#include "learn/character_classes.h"
#include "page/degrade.h"
#include "page/resize.h"

namespace recto {
namespace {

constexpr size_t kMostKnownWords = 200'000;
constexpr float kCutPixels = 2;  // so much of a word may stand over the edge of a tile

/// A word's box in pixels of a tile.
struct Box {
  float left, top, right, bottom;
  float width() const { return right - left; }
  float height() const { return bottom - top; }
  /// A little below the middle, where small letters are.
  float middle() const { return (top + bottom) / 2 + height() * 0.03F; }
};

Box box_on_tile(const Word& word, const Image& page, const TileRectangle& rectangle, int tile) {
  const auto x = [&](float share) {
    return (share * static_cast<float>(page.width) - static_cast<float>(rectangle.x)) *
           static_cast<float>(tile) / static_cast<float>(rectangle.width);
  };
  const auto y = [&](float share) {
    return (share * static_cast<float>(page.height) - static_cast<float>(rectangle.y)) *
           static_cast<float>(tile) / static_cast<float>(rectangle.height);
  };
  return {x(word.left), y(word.top), x(word.right), y(word.bottom)};
}

/// Pixels are three planes for the model, interleaved in an image.
std::vector<uint8_t> planes_of(const Image& image) {
  const size_t count = image.rgb.size() / 3;
  std::vector<uint8_t> planes(image.rgb.size());
  for (size_t i = 0; i < count; ++i) {
    for (size_t c = 0; c < 3; ++c) planes[c * count + i] = image.rgb[3 * i + c];
  }
  return planes;
}

class TileLabels {
 public:
  TileLabels(const TileShape& shape, ReadingTile& tile) : shape_(shape), tile_(tile) {
    tile_.slots.assign(static_cast<size_t>(shape.patches() * shape.slots()), 0);
  }

  void add(const Box& box, const WordLabels::Label& label) {
    const auto side = static_cast<float>(shape_.tile);
    const float y = box.middle();
    if (y < 0 || y >= side || box.right < 0 || box.left >= side) return;
    for (size_t i = 0; i < label.classes.size(); ++i) {
      const float x = box.left + box.width() * label.centres[i];
      if (x >= 0 && x < side) set_slot(static_cast<int>(x), static_cast<int>(y), label.classes[i]);
    }
    for (size_t i = 0; i < label.ids.size(); ++i) {
      const float x = box.left + box.width() * label.id_centres[i];
      if (x >= 0 && x < side) add_token(static_cast<int>(x), static_cast<int>(y), label.ids[i]);
    }
    const bool whole = box.left > -kCutPixels && box.right < side + kCutPixels &&
                       box.top > -box.height() / 4 && box.bottom < side + box.height() / 4;
    if (whole && tile_.text.size() + label.ids.size() <= static_cast<size_t>(shape_.most_tokens)) {
      tile_.text.insert(tile_.text.end(), label.ids.begin(), label.ids.end());
    }
  }

 private:
  void set_slot(int x, int y, uint8_t character) {
    const int across = shape_.tile / shape_.patch, columns = shape_.patch / kSlotWidth;
    const int patch = y / shape_.patch * across + x / shape_.patch;
    const int slot = y % shape_.patch / kSlotHeight * columns + x % shape_.patch / kSlotWidth;
    tile_.slots[static_cast<size_t>(patch * shape_.slots() + slot)] = character;
  }

  void add_token(int x, int y, int32_t id) {
    const int across = shape_.tile / shape_.patch;
    const int column = x / shape_.patch, row = y / shape_.patch;
    tile_.tokens.push_back({id, row * across + column,
                            row / shape_.scale * (across / shape_.scale) + column / shape_.scale});
  }

  const TileShape& shape_;
  ReadingTile& tile_;
};

/// Whether two words stand on one line.
bool on_one_line(const Word& a, const Word& b) {
  const float height = std::min(a.bottom - a.top, b.bottom - b.top);
  return std::abs((a.top + a.bottom) - (b.top + b.bottom)) < height;
}

/// The words [first, last) of the line of `word`, as many as are at most `width` wide together.
std::pair<size_t, size_t> line_of(const std::vector<Word>& words, size_t word, float width) {
  size_t first = word, last = word + 1;
  const auto joins = [&](size_t other, float left, float right) {
    return on_one_line(words[other], words[word]) && right > left && right - left <= width;
  };
  while (last < words.size() && words[last].left >= words[last - 1].left &&
         joins(last, words[first].left, words[last].right)) {
    ++last;
  }
  while (first > 0 && words[first - 1].left <= words[first].left &&
         joins(first - 1, words[first - 1].left, words[last - 1].right)) {
    --first;
  }
  return {first, last};
}

/// Some of the words of `line` around `word`, as many as are drawn: with few, what is to be read
/// is found where it stands long before a whole line is.
std::pair<size_t, size_t> run_with(size_t word, std::pair<size_t, size_t> line, Random& random) {
  const size_t all = line.second - line.first, count = 1 + random.below(all);
  const size_t least = std::max(line.first, word + 1 >= count ? word + 1 - count : 0);
  const size_t most = std::min(word, line.second - count);
  const size_t first = least + random.below(most - least + 1);
  return {first, first + count};
}

void paste(const Image& from, const TileRectangle& part, Image& to, int x, int y) {
  for (int row = 0; row < part.height; ++row) {
    const auto source =
        from.rgb.begin() + (static_cast<ptrdiff_t>(part.y + row) * from.width + part.x) * 3;
    std::copy(source, source + static_cast<ptrdiff_t>(part.width) * 3,
              to.rgb.begin() + (static_cast<ptrdiff_t>(y + row) * to.width + x) * 3);
  }
}

/// The pixels around words, a little more on each side.
TileRectangle around(const ReadingPage& page, size_t first, size_t last) {
  Word all = page.words[first];
  for (size_t i = first; i < last; ++i) {
    const Word& word = page.words[i];
    all.left = std::min(all.left, word.left);
    all.top = std::min(all.top, word.top);
    all.right = std::max(all.right, word.right);
    all.bottom = std::max(all.bottom, word.bottom);
  }
  const auto w = static_cast<float>(page.image.width), h = static_cast<float>(page.image.height);
  const int x0 = std::max(0, static_cast<int>(all.left * w) - 2);
  const int y0 = std::max(0, static_cast<int>(all.top * h) - 2);
  const int x1 = std::min(page.image.width, static_cast<int>(all.right * w) + 3);
  const int y1 = std::min(page.image.height, static_cast<int>(all.bottom * h) + 3);
  return {x0, y0, x1 - x0, y1 - y0};
}

}  // namespace

WordLabels::Label WordLabels::make(const std::string& word) const {
  Label label;
  std::vector<float> widths;
  for (size_t position = 0; position < word.size();) {
    const char32_t c = decode_utf8(word, position);
    label.classes.push_back(character_class(c));
    widths.push_back(character_width(c));
  }
  const float all = std::accumulate(widths.begin(), widths.end(), 0.0F);
  float before = 0;
  for (const float width : widths) {
    label.centres.push_back((before + width / 2) / all);
    before += width;
  }
  label.ids = tokenizer_.encode_ordinary(" " + word);
  std::vector<size_t> bytes;
  for (const int32_t id : label.ids) bytes.push_back(tokenizer_.decode({id}).size());
  if (!bytes.empty() && bytes[0] > 0) --bytes[0];  // the space
  const auto sum = static_cast<float>(std::accumulate(bytes.begin(), bytes.end(), size_t{0}));
  size_t passed = 0;
  for (const size_t size : bytes) {
    const float centre = static_cast<float>(passed) + static_cast<float>(size) / 2;
    label.id_centres.push_back(sum > 0 ? centre / sum : 0.5F);
    passed += size;
  }
  return label;
}

const WordLabels::Label& WordLabels::of(const std::string& word) {
  if (known_.size() >= kMostKnownWords) known_.clear();
  auto found = known_.find(word);
  if (found == known_.end()) found = known_.emplace(word, make(word)).first;
  return found->second;
}

ReadingTile cut_tile(const ReadingPage& page, const TileRectangle& rectangle,
                     const TileShape& shape, WordLabels& labels, Random* noise) {
  ReadingTile tile;
  Image part = crop(page.image, rectangle.x, rectangle.y, rectangle.width, rectangle.height);
  if (part.width != shape.tile || part.height != shape.tile) {
    part = resize(part, shape.tile, shape.tile);
  }
  tile.pixels = planes_of(noise != nullptr ? degraded(part, *noise) : part);
  TileLabels made(shape, tile);
  for (const Word& word : page.words) {
    const Box box = box_on_tile(word, page.image, rectangle, shape.tile);
    if (box.width() > 0 && box.height() > 0 && !word.text.empty()) {
      made.add(box, labels.of(word.text));
    }
  }
  return tile;
}

ReadingPage one_line(const ReadingPage& page, size_t word, int tile, Random& random) {
  const size_t bytes = static_cast<size_t>(tile) * static_cast<size_t>(tile) * 3;
  ReadingPage line{{tile, tile, std::vector<uint8_t>(bytes, 255)}, {}};
  const float width = static_cast<float>(tile - 8) / static_cast<float>(page.image.width);
  const auto [first, last] = run_with(word, line_of(page.words, word, width), random);
  const TileRectangle part = around(page, first, last);
  if (part.width < 1 || part.height < 1 || part.width > tile || part.height > tile) return line;
  const int x = static_cast<int>(random.below(static_cast<uint64_t>(tile - part.width + 1)));
  const int y = static_cast<int>(random.below(static_cast<uint64_t>(tile - part.height + 1)));
  paste(page.image, part, line.image, x, y);
  const auto side = static_cast<float>(tile);
  for (size_t i = first; i < last; ++i) {
    Word moved = page.words[i];
    const auto across = [&](float share) {
      return (share * static_cast<float>(page.image.width) + static_cast<float>(x - part.x)) / side;
    };
    const auto down = [&](float share) {
      return (share * static_cast<float>(page.image.height) + static_cast<float>(y - part.y)) /
             side;
    };
    moved.left = across(moved.left);
    moved.right = across(moved.right);
    moved.top = down(moved.top);
    moved.bottom = down(moved.bottom);
    line.words.push_back(std::move(moved));
  }
  return line;
}

}  // namespace recto
