#pragma once
// Pages drawn by pypdfium2, for comparison.

#include <fmt/format.h>

#include <cstring>
#include <filesystem>
#include <string>

#include "base/file.h"
#include "page/image.h"
#include "support/support.h"

namespace recto::test {

/// An image as the oracle scripts write it: u32 width, u32 height, RGB rows.
inline Image read_raw_image(const std::filesystem::path& path) {
  const std::string file = read_file(path);
  uint32_t size[2];
  std::memcpy(size, file.data(), sizeof(size));
  return {static_cast<int>(size[0]), static_cast<int>(size[1]),
          std::vector<uint8_t>(file.begin() + sizeof(size), file.end())};
}

/// The first pages of a PDF, drawn by pdfium_oracle.py.
class OraclePages {
 public:
  OraclePages(const std::filesystem::path& pdf, int longest_edge, int max_pages = 100) {
    const auto script = source_directory() / "src/page/pdfium_oracle.py";
    std::error_code unreadable;
    if (!std::filesystem::exists(python(), unreadable)) {
      problem_ = "there is no " + python().string();
      return;
    }
    const CommandResult result =
        run_command(fmt::format("'{}' '{}' '{}' {} '{}' {}", python().string(), script.string(),
                                pdf.string(), longest_edge, directory_.path().string(), max_pages));
    if (result.status != 0) problem_ = "pypdfium2 does not run: " + result.err;
  }

  /// Why there are no pages, or empty.
  const std::string& problem() const { return problem_; }
  int count() const {
    int count = 0;
    for ([[maybe_unused]] const auto& entry :
         std::filesystem::directory_iterator(directory_.path())) {
      ++count;
    }
    return count;
  }
  Image page(int number) const {
    return read_raw_image(directory_.path() / fmt::format("{}.rgb", number));
  }

 private:
  TemporaryDirectory directory_;
  std::string problem_;
};

}  // namespace recto::test
