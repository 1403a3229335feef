#pragma once
// Text files of one JSON value a line.

#include <filesystem>
#include <functional>
#include <string>

namespace recto {

/// Calls `visit` with each line of `file` that is not blank, without its end (and the first
/// without a byte order mark), and its place "FILE:LINE", until it returns false. Lines are held
/// one at a time and are at most 64 MB long, so that a binary file without line ends is refused
/// rather than read whole. Throws Error(kNotFound | kIo | kBadInput | kLimit) naming the file; what
/// `visit` throws is passed on.
void for_each_line(
    const std::filesystem::path& file,
    const std::function<bool(const std::string& line, const std::string& where)>& visit);

}  // namespace recto
