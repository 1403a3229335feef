#pragma once
// The files beside tokenizer.json that transformers wants: tokenizer_config.json,
// special_tokens_map.json and the chat template.

#include <filesystem>

namespace recto {

/// Writes the tokenizer files of SmolVLM beside `directory`/tokenizer.json.
void write_tokenizer_files(const std::filesystem::path& directory);

/// Copies tokenizer.json and its companions from one model directory to another; a companion that
/// is missing there is written as write_tokenizer_files does it. The classes are set to those that
/// load the tokenizer as it is: PreTrainedTokenizerFast (GPT2Tokenizer would rebuild the
/// pre-tokenizer without its digit rule) and Idefics3Processor.
void copy_tokenizer_files(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace recto
