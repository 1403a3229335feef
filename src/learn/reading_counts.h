#pragma once
// What the losses of learning to read are means over, told by the answers alone. Without torch.

#include <cstddef>
#include <span>
#include <vector>

#include "learn/reading_tile.h"

namespace recto {

/// Weight of a slot without a character, most of all; one with a character has 1.
inline constexpr double kBlankWeight = 0.1;

/// Of tiles, those of a whole step even where a part of it is gone through.
struct ReadingCounts {
  double slots = 0;    ///< weights of all slots
  double tokens = 0;   ///< whose centre is in a patch
  double blocks = 0;   ///< visual tokens with a token in their place
  double answers = 0;  ///< tokens of transcribed texts, and their ends
};

ReadingCounts count_answers(std::span<const ReadingTile> tiles,
                            std::span<const size_t> transcribed);

/// Places of the `count` tiles with the shortest texts, the shortest first, those without a text
/// left out: single lines first, which a model learns to transcribe long before whole tiles.
std::vector<size_t> shortest_texts(std::span<const ReadingTile> tiles, size_t count);

}  // namespace recto
