#pragma once
// Office files to PDF with LibreOffice, which must be installed.

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace recto {

struct OfficeLimits {
  int max_wall_seconds = 180;  ///< for one file, then the whole process group is killed
  int max_cpu_seconds = 120;
  uint64_t max_memory_bytes = uint64_t{8} << 30;  ///< address space
  uint64_t max_file_bytes = uint64_t{1} << 30;    ///< of anything it writes
};

/// LibreOffice's program: soffice or libreoffice on $PATH, or where its own packages put it. Empty
/// when there is none.
std::filesystem::path find_soffice();

/// Converts `file` to the PDF `target`, which appears when it is complete. `ending` (".docx") is
/// what the file is; its name is never used. `scratch` takes a profile and temporary files, which
/// are removed. LibreOffice gets no network and nothing to write to but its folder in `scratch`,
/// as far as the kernel offers that (Landlock, network namespaces), and macros are off. Throws
/// Error(kBadInput) when nothing comes of it, Error(kLimit) when it takes too long, Error(kIo |
/// kNotFound) when it cannot be started, Error(kInterrupted).
void convert_to_pdf(const std::filesystem::path& soffice, const std::filesystem::path& file,
                    std::string_view ending, const std::filesystem::path& target,
                    const std::filesystem::path& scratch, const OfficeLimits& limits = {});

}  // namespace recto
