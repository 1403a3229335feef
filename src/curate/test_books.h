#pragma once
// Debian's manuals, for the slow tests of this room.

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>

#include "base/file.h"
#include "support/support.h"

namespace recto::test {

/// PDFs of Debian packages (names with a space between), each package in a folder of its own:
/// downloaded, or taken from $RECTO_TEST_PDFS where they are there already.
class Books {
 public:
  explicit Books(const std::string& packages) {
    const char* given = std::getenv("RECTO_TEST_PDFS");
    if (given == nullptr) own_.emplace();
    folder_ = given == nullptr ? own_->path() : std::filesystem::path(given);
    const auto script = source_directory() / "scripts/fetch_debian_pdfs";
    const auto result =
        run_command(fmt::format("'{}' '{}' {}", script.string(), folder_.string(), packages));
    if (result.status != 0) problem_ = "Debian packages cannot be downloaded here: " + result.err;
  }

  /// Why there are none, or empty.
  const std::string& problem() const { return problem_; }
  const std::filesystem::path& folder() const { return folder_; }

 private:
  std::optional<TemporaryDirectory> own_;
  std::filesystem::path folder_;
  std::string problem_;
};

}  // namespace recto::test
