#pragma once
// A byte-level BPE of our own, learned from texts.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/json.h"
#include "model/normalizer.h"
#include "model/pre_tokenizer.h"

namespace recto {

/// Counts the pieces of texts and learns from them which neighbours belong together [Sennrich et
/// al. 2016]. Texts are put in lower case, with typographic quotes, ligatures, no-break spaces and
/// soft hyphens replaced by what people type; digits stand alone.
class BpeLearner {
 public:
  BpeLearner();

  /// Adds a text (ill-formed UTF-8 is replaced).
  void add(std::string_view text);

  /// tokenizer.json with `size` ids: <|endoftext|>, <|im_start|>, <|im_end|>, the 256 bytes, the
  /// tokens learned, and SmolVLM's 40 (model/smollm2_tokenizer.h). The texts in any order give the
  /// same bytes: among pairs of one count, that of the lowest ids is joined first. Throws
  /// Error(kUsage) for a size that leaves no room, Error(kBadInput) when the texts have fewer pairs
  /// that occur twice than are wanted.
  Json tokenizer(int size) const;

 private:
  Normalizer normalizer_;
  PreTokenizer pre_tokenizer_;
  std::map<std::string, int64_t, std::less<>> pieces_;
};

}  // namespace recto
