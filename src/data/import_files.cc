#include "data/import_files.h"

#include <algorithm>
#include <regex>
#include <utility>

#include "base/list_files.h"

namespace recto {
namespace fs = std::filesystem;

namespace {

std::string lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return text;
}

bool is_parquet(const fs::path& path) { return lower(path.extension().string()) == ".parquet"; }

/// The split in the name of a file: what stands before "-00000-of-00001" or the ending.
std::string split_of_name(const std::string& stem) {
  static const std::regex numbered(R"((.+?)-\d+-of-\d+.*)");
  std::smatch match;
  return usual_split(std::regex_match(stem, match, numbered) ? match[1].str() : stem);
}

ImportFile describe_file(const fs::path& path, const fs::path& name) {
  ImportFile file{path, name.generic_string(), {}, split_of_name(path.stem().string())};
  for (const fs::path& part : name.parent_path()) {
    const std::string folder = part.string();
    const std::string split = usual_split(folder);
    if (!split.empty()) {
      if (file.split.empty()) file.split = split;
    } else if (folder != "data") {
      file.config += (file.config.empty() ? "" : "/") + folder;
    }
  }
  return file;
}

int rank(const std::string& split) {
  if (split == "test") return 0;
  if (split == "validation") return 1;
  return split == "train" ? 3 : 2;
}

}  // namespace

std::string usual_split(const std::string& name) {
  std::string plain = lower(name);
  if (plain == "train" || plain == "test" || plain == "validation") return plain;
  if (plain == "val" || plain == "valid" || plain == "dev" || plain == "eval") return "validation";
  return {};
}

std::vector<std::string> by_precedence(std::vector<std::string> splits) {
  std::sort(splits.begin(), splits.end(), [](const std::string& a, const std::string& b) {
    return std::pair(rank(a), a) < std::pair(rank(b), b);
  });
  splits.erase(std::unique(splits.begin(), splits.end()), splits.end());
  return splits;
}

std::vector<ImportFile> list_import_files(const fs::path& path) {
  if (!is_folder(path)) return {describe_file(path, path.filename())};
  std::vector<ImportFile> files;
  const FileFilter filter = {.wanted = is_parquet, .hidden = false, .broken_links = true};
  for (const fs::path& file : list_files_below(path, filter)) {
    files.push_back(describe_file(file, file.lexically_relative(path)));
  }
  return files;
}

}  // namespace recto
