#include <algorithm>
#include <cctype>

#include "base/list_files.h"
#include "page/reader.h"

namespace recto {
namespace fs = std::filesystem;

namespace {

bool has_page_ending(const fs::path& path) {
  std::string ending = path.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const char* known : {".pdf", ".jpg", ".jpeg", ".png", ".webp", ".gif"}) {
    if (ending == known) return true;
  }
  return false;
}

}  // namespace

std::vector<fs::path> list_page_files(const fs::path& path) {
  if (!is_folder(path)) return {path};
  return list_files_below(path, {.wanted = has_page_ending});
}

}  // namespace recto
