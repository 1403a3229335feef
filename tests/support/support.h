#pragma once
// Where tests find what they need.

#include <filesystem>
#include <string>
#include <vector>

namespace recto::test {

/// The folder of golden files: $RECTO_GOLDENS, else tests/goldens of the repository.
std::filesystem::path goldens();
/// Root of the source tree; the build directory that holds the programs.
std::filesystem::path source_directory();
std::filesystem::path binary_directory();
/// The virtual environment's Python, for the oracles.
std::filesystem::path python();

/// Names of the golden models that are there ("tiny-smolvlm", ...): the subfolders of
/// goldens()/models with a config.json. Fails the running test when there is none.
std::vector<std::string> golden_models();

/// tokenizer.json text of goldens()/tokenizer/smollm2, falling back to the repository's copy.
std::string smollm2_tokenizer_json();

/// Output and exit status of a command run through /bin/sh.
struct CommandResult {
  int status = -1;
  std::string out;
  std::string err;
};
CommandResult run_command(const std::string& command);

}  // namespace recto::test
