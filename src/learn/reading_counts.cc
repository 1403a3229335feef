#include "learn/reading_counts.h"

#include <algorithm>
#include <set>

namespace recto {

ReadingCounts count_answers(std::span<const ReadingTile> tiles,
                            std::span<const size_t> transcribed) {
  ReadingCounts counts;
  for (const ReadingTile& tile : tiles) {
    const auto blank = std::count(tile.slots.begin(), tile.slots.end(), uint8_t{0});
    counts.slots += static_cast<double>(std::ssize(tile.slots) - blank) +
                    kBlankWeight * static_cast<double>(blank);
    counts.tokens += static_cast<double>(tile.tokens.size());
    std::set<int> blocks;
    for (const ReadingTile::Token& token : tile.tokens) blocks.insert(token.visual_token);
    counts.blocks += static_cast<double>(blocks.size());
  }
  for (const size_t place : transcribed) {
    counts.answers += static_cast<double>(tiles[place].text.size() + 1);
  }
  return counts;
}

std::vector<size_t> shortest_texts(std::span<const ReadingTile> tiles, size_t count) {
  std::vector<size_t> places;
  for (size_t i = 0; i < tiles.size(); ++i) {
    if (!tiles[i].text.empty()) places.push_back(i);
  }
  std::stable_sort(places.begin(), places.end(),
                   [&](size_t a, size_t b) { return tiles[a].text.size() < tiles[b].text.size(); });
  places.resize(std::min(places.size(), count));
  return places;
}

}  // namespace recto
