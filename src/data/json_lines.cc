#include "data/json_lines.h"

#include <cerrno>
#include <cstdint>
#include <fstream>
#include <istream>

#include "base/error.h"
#include "base/file.h"
#include "base/utf8.h"

namespace recto {
namespace fs = std::filesystem;

namespace {

constexpr size_t kMaxLineBytes = 64u << 20;

/// The next line without its end, false at the end of the file.
bool next_line(std::istream& in, std::string& line, const std::string& where) {
  line.clear();
  std::streambuf& buffer = *in.rdbuf();
  for (int next = buffer.sbumpc(); next != EOF; next = buffer.sbumpc()) {
    const char c = static_cast<char>(next);
    if (c == '\n') return true;
    if (line.size() >= kMaxLineBytes) {
      fail(ErrorCode::kLimit, "{}: the line has more than {} bytes", where, kMaxLineBytes);
    }
    line.push_back(c);
  }
  return !line.empty();
}

}  // namespace

void for_each_line(
    const fs::path& file,
    const std::function<bool(const std::string& line, const std::string& where)>& visit) {
  if (!fs::is_regular_file(file)) MappedFile{file};  // says what is wrong with it
  std::ifstream in(file, std::ios::binary);
  if (!in) fail_errno(errno, fmt::format("cannot read {}", file.string()));
  std::string line;
  for (int64_t number = 1;; ++number) {
    const std::string where = fmt::format("{}:{}", file.string(), number);
    if (!next_line(in, line, where)) return;
    if (number == 1) line.erase(0, byte_order_mark_size(line));
    const bool blank = line.find_first_not_of(" \t\r") == std::string::npos;
    if (!blank && !visit(line, where)) return;
  }
}

}  // namespace recto
