#include "learn/reading_measure.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "base/utf8.h"

namespace recto {

std::u32string code_points(const std::string& text) {
  std::u32string points;
  for (size_t position = 0; position < text.size();) points += decode_utf8(text, position);
  return points;
}

int64_t edit_distance(const std::string& a, const std::string& b) {
  const std::u32string x = code_points(a), y = code_points(b);
  std::vector<int64_t> row(y.size() + 1);
  std::iota(row.begin(), row.end(), int64_t{0});
  for (size_t i = 0; i < x.size(); ++i) {
    int64_t diagonal = row[0];
    row[0] = static_cast<int64_t>(i) + 1;
    for (size_t k = 0; k < y.size(); ++k) {
      const int64_t replaced = diagonal + (x[i] == y[k] ? 0 : 1);
      diagonal = row[k + 1];
      row[k + 1] = std::min({replaced, row[k] + 1, row[k + 1] + 1});
    }
  }
  return row.back();
}

Json ReadingMeasure::to_json() const {
  return {{"character_accuracy", character_accuracy},
          {"token_accuracy", token_accuracy},
          {"next_token_loss", next_token_loss},
          {"tile_error_rate", tile_error_rate},
          {"line_error_rate", line_error_rate},
          {"characters", characters},
          {"tokens", tokens},
          {"tiles", tiles},
          {"lines", lines}};
}

std::string ReadingMeasure::text() const {
  return fmt::format(
      "characters {:.4f} tokens {:.4f} next-token loss {:.3f} error rate of tiles {:.4f} of lines "
      "{:.4f} tiles {} lines {}",
      character_accuracy, token_accuracy, next_token_loss, tile_error_rate, line_error_rate, tiles,
      lines);
}

}  // namespace recto
