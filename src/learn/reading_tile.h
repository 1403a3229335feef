#pragma once
// Tiles of pages with everything that is to be read on them: what a model that learns to read is
// shown, and what it is asked. Without torch.

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/random.h"
#include "model/tokenizer.h"
#include "page/image.h"
#include "page/reader.h"

namespace recto {

/// The picture of a page and its words, whose boxes are in fractions of its sides.
struct ReadingPage {
  Image image;
  std::vector<Word> words;
};

/// Rectangle of a page in its pixels.
struct TileRectangle {
  int x = 0, y = 0, width = 0, height = 0;
};

/// Characters stand in slots of 4 x 8 pixels, 8 to a patch of 16 x 16.
inline constexpr int kSlotWidth = 4;
inline constexpr int kSlotHeight = 8;

/// Sizes of tiles and of what is asked about them.
struct TileShape {
  int tile = 256;        ///< side in pixels
  int patch = 16;        ///< side in pixels
  int scale = 4;         ///< patches along the side of one visual token
  int most_tokens = 64;  ///< of a transcription
  int patches() const { return (tile / patch) * (tile / patch); }
  int slots() const { return (patch / kSlotWidth) * (patch / kSlotHeight); }
  int visual_tokens() const { return patches() / (scale * scale); }
};

struct ReadingTile {
  /// A token of a word, where its centre lies.
  struct Token {
    int32_t id = 0;
    int32_t patch = 0;         ///< row by row
    int32_t visual_token = 0;  ///< row by row
  };
  std::vector<uint8_t> pixels;  ///< [3, tile, tile]
  std::vector<uint8_t> slots;   ///< [patches, slots]: classes of the characters; 0: none
  std::vector<Token> tokens;
  std::vector<int32_t> text;  ///< ids of the words that are whole on the tile, in reading order
};

/// What the words of pages are made of. Not thread-safe.
class WordLabels {
 public:
  explicit WordLabels(const Tokenizer& tokenizer) : tokenizer_(tokenizer) {}

  struct Label {
    std::vector<uint8_t> classes;  ///< of each character
    std::vector<float> centres;    ///< of each character, in fractions of the word's width
    std::vector<int32_t> ids;      ///< of the word after a space
    std::vector<float> id_centres;
  };
  /// Kept for the next time.
  const Label& of(const std::string& word);

 private:
  Label make(const std::string& word) const;

  const Tokenizer& tokenizer_;
  std::unordered_map<std::string, Label> known_;
};

/// The rectangle of the page, brought to the size of a tile, and what is to be read there. The
/// rectangle must lie inside the page. With `noise` the pixels are degraded() by what it draws.
ReadingTile cut_tile(const ReadingPage& page, const TileRectangle& rectangle,
                     const TileShape& shape, WordLabels& labels, Random* noise = nullptr);

/// A white page of the size of a tile with nothing on it but the line of word `word`, or as much of
/// it as fits, at a place drawn. A word that is larger than a tile gives an empty page.
ReadingPage one_line(const ReadingPage& page, size_t word, int tile, Random& random);

}  // namespace recto
