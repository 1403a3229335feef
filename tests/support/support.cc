#include "support/support.h"

#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>

#include "base/error.h"
#include "base/file.h"

namespace recto::test {
namespace fs = std::filesystem;

fs::path goldens() {
  const char* chosen = std::getenv("RECTO_GOLDENS");
  return chosen != nullptr && *chosen != '\0' ? fs::path(chosen)
                                              : source_directory() / "tests" / "goldens";
}

fs::path source_directory() { return RECTO_SOURCE_DIR; }
fs::path binary_directory() { return RECTO_BINARY_DIR; }
fs::path python() { return RECTO_TEST_PYTHON; }

std::vector<std::string> golden_models() {
  std::vector<std::string> names;
  const fs::path folder = goldens() / "models";
  if (fs::is_directory(folder)) {
    for (const auto& entry : fs::directory_iterator(folder)) {
      if (fs::exists(entry.path() / "config.json"))
        names.push_back(entry.path().filename().string());
    }
  }
  std::sort(names.begin(), names.end());
  if (names.empty()) fail(ErrorCode::kNotFound, "no golden model in {}", folder.string());
  return names;
}

std::string smollm2_tokenizer_json() {
  fs::path file = goldens() / "tokenizer/smollm2/tokenizer.json.gz";
  if (!fs::exists(file))
    file = source_directory() / "tests/goldens/tokenizer/smollm2/tokenizer.json.gz";
  const CommandResult result = run_command("gzip -dc '" + file.string() + "'");
  if (result.status != 0) fail(ErrorCode::kIo, "cannot unpack {}: {}", file.string(), result.err);
  return result.out;
}

CommandResult run_command(const std::string& command) {
  TemporaryDirectory directory;
  const fs::path out = directory.path() / "out";
  const fs::path err = directory.path() / "err";
  const std::string line = "( " + command + "\n) >'" + out.string() + "' 2>'" + err.string() + "'";
  const int status = std::system(line.c_str());
  CommandResult result;
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  result.out = read_file(out);
  result.err = read_file(err);
  return result;
}

}  // namespace recto::test
