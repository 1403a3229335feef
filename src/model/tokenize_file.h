#pragma once
// Texts to token ids, a line each.

#include <cstdint>
#include <filesystem>

#include "model/tokenizer.h"

namespace recto {

/// Reads lines {"text": T} and writes lines {"ids": [..]}, as Tokenizer::encode gives them
/// (special tokens recognised), one for each line. Other members of a line are ignored. Throws
/// Error(kBadInput) naming file and line; then nothing is written. Returns the number of lines.
int64_t tokenize_file(const Tokenizer& tokenizer, const std::filesystem::path& input,
                      const std::filesystem::path& output);

}  // namespace recto
