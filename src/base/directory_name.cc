#include "base/directory_name.h"

namespace recto {

std::string directory_name(const std::filesystem::path& path) {
  return std::filesystem::absolute(path / "").lexically_normal().parent_path().filename().string();
}

}  // namespace recto
