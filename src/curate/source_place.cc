#include "curate/source_place.h"

#include <fnmatch.h>

#include <algorithm>
#include <filesystem>

namespace recto {
namespace fs = std::filesystem;

namespace {

size_t file_name_at(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? 0 : slash + 1;
}

void add_names(const std::string& path, size_t relative_at, std::vector<std::string>& names) {
  names.push_back(path.substr(file_name_at(path)));
  names.push_back(path.substr(std::min(relative_at, path.size())));
  names.push_back(path);
  names.push_back(fs::absolute(path).lexically_normal().string());
}

}  // namespace

std::string SourcePlace::name() const {
  const std::string own = location.substr(0, location.size() - compression_bytes);
  return own.substr(file_name_at(in_archive() ? own.substr(0, archive_end) : own));
}

std::string SourcePlace::relative() const {
  return location.substr(std::min(relative_at, location.size()));
}

std::vector<std::string> glob_names(const SourcePlace& place) {
  std::vector<std::string> names;
  add_names(place.location, place.relative_at, names);
  names.push_back(place.name());
  if (place.in_archive()) {
    add_names(place.location.substr(0, place.archive_end), place.relative_at, names);
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

bool matches_glob(const std::string& pattern, const SourcePlace& place) {
  const std::vector<std::string> names = glob_names(place);
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    return name == pattern || ::fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
  });
}

}  // namespace recto
