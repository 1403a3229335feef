#include "base/list_files.h"
#include "page/reader.h"

namespace recto {
namespace fs = std::filesystem;

namespace {

bool has_page_ending(const fs::path& path) {
  return has_ending(path, {".pdf", ".jpg", ".jpeg", ".png", ".webp", ".gif"});
}

}  // namespace

std::vector<fs::path> list_page_files(const fs::path& path) {
  if (!is_folder(path)) return {path};
  return list_files_below(path, {.wanted = has_page_ending});
}

}  // namespace recto
