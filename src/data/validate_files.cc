#include <algorithm>
#include <set>

#include "base/file.h"
#include "base/interrupt.h"
#include "base/sha256.h"
#include "data/dataset_checks.h"
#include "data/parquet_features.h"
#include "data/shards.h"
#include "data/tables.h"

namespace recto {
namespace fs = std::filesystem;

namespace {

constexpr int64_t kMaxFileBytes = ShardWriter::kMaxFileBytes;

/// A file as the manifest describes it.
struct ListedFile {
  std::string table, split, path, sha256;
  int64_t rows = 0, bytes = 0;
};

std::vector<ListedFile> listed_files(const Json& manifest) {
  const std::string where = "manifest.json";
  std::vector<ListedFile> files;
  const Json tables = manifest.value("tables", Json::object());
  for (const auto& [table, splits] : tables.items()) {
    for (const auto& [split, entries] : splits.items()) {
      for (const Json& entry : entries) {
        files.push_back({table, split, json_required<std::string>(entry, "path", where),
                         json_required<std::string>(entry, "sha256", where),
                         json_required<int64_t>(entry, "rows", where),
                         json_required<int64_t>(entry, "bytes", where)});
      }
    }
  }
  return files;
}

/// A path that stays inside the dataset.
bool is_inside(const std::string& path) {
  const fs::path parts(path);
  return !parts.empty() && parts.is_relative() &&
         std::none_of(parts.begin(), parts.end(),
                      [](const fs::path& part) { return part == ".."; });
}

void check_listed(const fs::path& directory, const ListedFile& file, DatasetCheck& hashes,
                  DatasetCheck& rows) {
  const fs::path path = directory / file.path;
  ++hashes.checked;
  ++rows.checked;
  std::error_code error;
  if (!is_inside(file.path) || !fs::is_regular_file(path, error)) {
    hashes.offend(file.path + " is missing");
    return;
  }
  const auto size = static_cast<int64_t>(fs::file_size(path));
  const std::string hash = sha256_file(path);
  if (size != file.bytes || hash != file.sha256) {
    hashes.offend(fmt::format("{}: {} bytes with SHA-256 {}; the manifest says {} bytes, {}",
                              file.path, size, hash, file.bytes, file.sha256));
  }
  try {
    const int64_t found = ParquetFile(path).rows();
    if (found != file.rows) {
      rows.offend(fmt::format("{}: {} rows; the manifest says {}", file.path, found, file.rows));
    }
  } catch (const Error& problem) {
    rows.offend(problem.what());
  }
}

void check_counts(const Json& manifest, const std::vector<ListedFile>& files, DatasetCheck& rows) {
  Json sums = Json::object();
  for (const ListedFile& file : files) {
    Json& sum = sums[file.table][file.split];
    sum = (sum.is_null() ? 0 : sum.get<int64_t>()) + file.rows;
  }
  const Json counts = manifest.value("counts", Json::object());
  rows.expect(counts == sums, "manifest.json: counts are {}, the files' rows {}", dump_json(counts),
              dump_json(sums));
}

/// Every table file in the directory must be in the manifest.
void check_unlisted(const fs::path& directory, const std::vector<ListedFile>& files,
                    DatasetCheck& check) {
  std::set<std::string> listed;
  for (const ListedFile& file : files) listed.insert(file.path);
  for (const std::string& table : table_names()) {
    std::error_code error;
    std::set<std::string> found;
    for (const auto& entry : fs::directory_iterator(directory / table, error)) {
      found.insert(table + "/" + entry.path().filename().string());
    }
    for (const std::string& path : found) {
      check.expect(listed.count(path) != 0, "{} is not in the manifest", path);
    }
  }
}

void check_features(const fs::path& directory, const std::vector<ListedFile>& files,
                    DatasetCheck& features, DatasetCheck& sizes) {
  const auto names = table_names();
  for (const ListedFile& file : files) {
    const bool known = std::find(names.begin(), names.end(), file.table) != names.end();
    features.expect(known, "{}: there is no table {}", file.path, file.table);
    sizes.expect(file.bytes <= kMaxFileBytes, "{} has {} bytes, more than {}", file.path,
                 file.bytes, kMaxFileBytes);
    if (!known || !is_inside(file.path)) continue;
    try {
      for (const std::string& problem :
           feature_problems(directory / file.path, table_columns(file.table))) {
        features.offend(file.path + ": " + problem);
      }
    } catch (const Error& error) {
      features.offend(error.what());
    }
  }
}

/// The card must lead `datasets` to every table and split, and to no other.
DatasetCheck check_card(const fs::path& directory, const std::vector<ListedFile>& files) {
  DatasetCheck check{"card", "README.md names a configuration for every table and split"};
  std::string card;
  try {
    card = read_file(directory / "README.md");
  } catch (const Error& error) {
    check.expect(false, "{}", error.what());
    return check;
  }
  const size_t end = card.find("\n---\n", 3);
  check.expect(card.starts_with("---\n") && end != std::string::npos,
               "README.md does not begin with YAML between two lines \"---\"");
  const std::string yaml = card.substr(0, std::min(end, card.size()));
  std::set<std::pair<std::string, std::string>> tables;
  for (const ListedFile& file : files) tables.insert({file.table, file.split});
  for (const auto& [table, split] : tables) {
    check.expect(yaml.find(fmt::format("- config_name: {}\n", table)) != std::string::npos,
                 "README.md has no configuration {}", table);
    check.expect(
        yaml.find(fmt::format("path: {}/{}-*.parquet\n", table, split)) != std::string::npos,
        "README.md does not name {}/{}-*.parquet", table, split);
  }
  size_t named = 0;
  for (size_t at = 0; (at = yaml.find("-*.parquet", at)) != std::string::npos; ++at) ++named;
  check.expect(named == tables.size(), "README.md names files of {} splits, there are {}", named,
               tables.size());
  return check;
}

}  // namespace

std::vector<DatasetCheck> check_files(const fs::path& directory, const Json& manifest) {
  DatasetCheck hashes{"file_hashes", "every file of the manifest has its size and SHA-256"};
  DatasetCheck rows{"row_counts", "files have the rows that the manifest counts"};
  DatasetCheck unlisted{"unlisted_files", "no table has a file that the manifest does not know"};
  DatasetCheck features{"features", "datasets loads every column with its feature, images too"};
  DatasetCheck sizes{"file_sizes", "no file is larger than 500 MB"};
  const std::vector<ListedFile> files = listed_files(manifest);
  for (const ListedFile& file : files) {
    throw_if_interrupted();
    check_listed(directory, file, hashes, rows);
  }
  check_counts(manifest, files, rows);
  check_unlisted(directory, files, unlisted);
  check_features(directory, files, features, sizes);
  DatasetCheck card = check_card(directory, files);
  return {std::move(hashes),   std::move(rows),  std::move(unlisted),
          std::move(features), std::move(sizes), std::move(card)};
}

}  // namespace recto
