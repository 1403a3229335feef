#pragma once
// The tiles of a training in blocks: each of some pages, in an order of its own. What a block has
// depends on the seed and its number alone, so that a run goes on anywhere. Without torch.

#include <cstdint>
#include <vector>

#include "learn/reading_corpus.h"
#include "learn/reading_settings.h"
#include "learn/reading_tile.h"

namespace recto {

class ReadingBlocks {
 public:
  /// Pages are rendered with `longest_edge` times a scale drawn. References must outlive the
  /// object.
  ReadingBlocks(const ReadingCorpus& corpus, const TrainSettings& common,
                const ReadingSettings& reading, const TileShape& shape, int longest_edge,
                const Tokenizer& tokenizer);

  /// Steps of one block.
  int64_t steps() const { return steps_; }
  /// The tiles of block `number`, steps() * batch size of them. Throws Error(kBadInput) when hardly
  /// a page that is drawn can be read or has words.
  std::vector<ReadingTile> make(int64_t number);

  /// Tiles of held-out documents to measure by, as they come, and lines alone; always the same.
  struct HeldOut {
    std::vector<ReadingTile> tiles, lines;
  };
  HeldOut held_out(int count);

 private:
  /// Adds the tiles of one page drawn; none when it cannot be read or has hardly a word.
  void add_page(const ReadingDocument& document, Random& random, std::vector<ReadingTile>& tiles);
  /// `side`: pixels of the page, drawn, that become a tile's.
  ReadingTile draw_tile(const ReadingPage& page, int side, Random& random);

  const ReadingCorpus& corpus_;
  ReadingSettings reading_;
  TileShape shape_;
  int longest_edge_;
  uint64_t seed_;
  int64_t batch_;
  int64_t steps_;
  std::pair<double, double> scales_;
  WordLabels labels_;
  PageReader reader_;
};

}  // namespace recto
