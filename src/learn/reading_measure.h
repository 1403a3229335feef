#pragma once
// How well a model reads documents it has not seen, in numbers. Without torch.

#include <string>

#include "base/json.h"

namespace recto {

/// Of held-out tiles. Shares, from 0 to 1.
struct ReadingMeasure {
  double character_accuracy = 0;  ///< of the slots with a character
  double token_accuracy = 0;      ///< of the tokens, by where their centre is
  double next_token_loss = 0;     ///< of the transcription, given what stands before
  /// Levenshtein distance of transcriptions to the text by its length, both as the tokenizer writes
  /// them; of tiles as they come, and of lines alone. Above 1 when more is written than there is.
  double tile_error_rate = 0;
  double line_error_rate = 0;
  int64_t characters = 0, tokens = 0, tiles = 0, lines = 0;

  Json to_json() const;
  /// One line for people.
  std::string text() const;
};

/// The code points of UTF-8.
std::u32string code_points(const std::string& text);

/// Insertions, deletions and replacements of code points that turn `a` into `b`.
int64_t edit_distance(const std::string& a, const std::string& b);

}  // namespace recto
