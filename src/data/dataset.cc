#include "data/dataset.h"

#include <algorithm>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "base/error.h"
#include "base/interrupt.h"
#include "data/shards.h"
#include "data/tables.h"

namespace recto {
namespace fs = std::filesystem;

/// Files stay open (mapped), and where each page lies is learned once a split.
struct Dataset::Cache {
  struct Place {
    size_t file = 0;
    int group = 0;
    int64_t row = 0;
  };
  struct Split {
    std::vector<ParquetFile> files;
    std::unordered_map<std::string, Place> places;
  };

  std::mutex mutex;
  std::map<std::string, std::shared_ptr<const Split>> splits;

  /// Opens the pages of a split at its first use.
  std::shared_ptr<const Split> open(const fs::path& folder, const std::string& name) {
    const std::lock_guard lock(mutex);
    auto& entry = splits[name];
    if (entry != nullptr) return entry;
    auto split = std::make_shared<Split>();
    for (const fs::path& path : list_shards(folder, name)) split->files.emplace_back(path);
    for (size_t f = 0; f < split->files.size(); ++f) {
      for (int group = 0; group < split->files[f].groups(); ++group) {
        const auto rows = split->files[f].read(group, {{"page_id", ColumnType::kString}});
        for (size_t i = 0; i < rows.size(); ++i) {
          const auto* id = std::get_if<std::string>(&rows[i][0]);
          if (id != nullptr) split->places[*id] = {f, group, static_cast<int64_t>(i)};
        }
      }
    }
    entry = std::move(split);
    return entry;
  }
};

namespace {

void check_columns(const fs::path& file, const std::string& table) {
  const ParquetFile parquet(file);
  for (const Column& column : table_columns(table)) {
    if (!column.optional && !parquet.has_column(column.name)) {
      fail(ErrorCode::kBadInput, "{}: table {}: column \"{}\" is missing", file.string(), table,
           column.name);
    }
  }
}

/// Every file the manifest counts must be there.
void check_manifest_files(const fs::path& directory, const Json& manifest) {
  const std::string where = (directory / "manifest.json").string();
  const Json tables = manifest.value("tables", Json::object());
  for (const auto& [table, splits] : tables.items()) {
    for (const auto& [split, files] : splits.items()) {
      for (const Json& file : files) {
        const fs::path path = directory / json_required<std::string>(file, "path", where);
        if (!fs::exists(path)) {
          fail(ErrorCode::kNotFound, "table {}: {} is missing, which {} names", table,
               path.string(), where);
        }
      }
    }
  }
}

Json read_manifest(const fs::path& directory) {
  const fs::path path = directory / "manifest.json";
  if (!fs::exists(path)) return Json::object();
  Json manifest = read_json(path);
  if (!manifest.is_object() ||
      json_optional<std::string>(manifest, "format", path.string(), "") != "recto-dataset") {
    fail(ErrorCode::kBadInput, "{} is not the manifest of a recto dataset", path.string());
  }
  const int version = json_required<int>(manifest, "format_version", path.string());
  if (version != 1) {
    fail(ErrorCode::kUnsupported, "{}: format_version {} is not known; this recto reads 1",
         path.string(), version);
  }
  check_manifest_files(directory, manifest);
  return manifest;
}

/// Calls visit(R&&) for each row of the files.
template <typename R, typename Visit>
void visit_rows(const std::vector<fs::path>& files, const Visit& visit) {
  for (const fs::path& path : files) {
    const ParquetFile file(path);
    for (int group = 0; group < file.groups(); ++group) {
      throw_if_interrupted();
      for (Row& row : file.read(group, Table<R>::columns())) {
        visit(Table<R>::from_row(std::move(row)));
      }
    }
  }
}

void check_split(const Dataset& dataset, const std::string& split) {
  const auto known = dataset.splits();
  if (std::find(known.begin(), known.end(), split) != known.end()) return;
  std::string names;
  for (const std::string& name : known) names += (names.empty() ? "" : ", ") + name;
  fail(ErrorCode::kNotFound, "{} has no split \"{}\"; it has {}", dataset.path().string(), split,
       names);
}

template <typename R>
std::vector<R> read_table(const Dataset& dataset, const std::string& split) {
  check_split(dataset, split);
  std::vector<R> rows;
  const auto files = list_shards(dataset.path() / Table<R>::kName, split);
  visit_rows<R>(files, [&](R&& row) { rows.push_back(std::move(row)); });
  return rows;
}

}  // namespace

Dataset Dataset::open(const fs::path& directory) {
  if (!fs::is_directory(directory)) {
    fail(ErrorCode::kNotFound, "{} is not a directory; a dataset of recto curate is wanted",
         directory.string());
  }
  Dataset dataset;
  dataset.path_ = directory;
  dataset.manifest_ = read_manifest(directory);
  dataset.cache_ = std::make_shared<Cache>();
  if (dataset.splits().empty()) {
    fail(ErrorCode::kNotFound,
         "{} has no table pages (pages/SPLIT-00000-of-0000N.parquet); is it a dataset of recto "
         "curate?",
         directory.string());
  }
  for (const std::string& table : table_names()) {
    for (const std::string& split : list_splits(directory / table)) {
      for (const fs::path& file : list_shards(directory / table, split)) check_columns(file, table);
    }
  }
  return dataset;
}

std::vector<std::string> Dataset::splits() const {
  return list_splits(path_ / Table<PageRow>::kName);
}

std::vector<DocumentRow> Dataset::documents(const std::string& split) const {
  return read_table<DocumentRow>(*this, split);
}

std::vector<QueryRow> Dataset::queries(const std::string& split) const {
  return read_table<QueryRow>(*this, split);
}

std::vector<QrelRow> Dataset::qrels(const std::string& split) const {
  return read_table<QrelRow>(*this, split);
}

std::vector<NegativeRow> Dataset::negatives(const std::string& split) const {
  return read_table<NegativeRow>(*this, split);
}

std::vector<PageRow> Dataset::pages(const std::string& split) const {
  check_split(*this, split);
  std::vector<PageRow> pages;
  for (const fs::path& path : list_shards(path_ / Table<PageRow>::kName, split)) {
    const ParquetFile file(path);
    for (int group = 0; group < file.groups(); ++group) {
      for (Row& row : file.read(group, Table<PageRow>::columns(/*with_image=*/false))) {
        pages.push_back(Table<PageRow>::from_row(std::move(row), /*with_image=*/false));
      }
    }
  }
  return pages;
}

void Dataset::for_each_page(const std::string& split,
                            const std::function<void(PageRow&&)>& visit) const {
  check_split(*this, split);
  visit_rows<PageRow>(list_shards(path_ / Table<PageRow>::kName, split), visit);
}

std::string Dataset::image(const std::string& split, const std::string& page_id) const {
  check_split(*this, split);
  const auto pages = cache_->open(path_ / Table<PageRow>::kName, split);
  const auto found = pages->places.find(page_id);
  if (found == pages->places.end()) {
    fail(ErrorCode::kNotFound, "{}: no page \"{}\" in the split {}", path_.string(), page_id,
         split);
  }
  const Cache::Place& place = found->second;
  return pages->files[place.file].image_bytes(place.group, place.row, "image");
}

std::vector<std::string> Dataset::pages_without_image(const std::string& split) const {
  check_split(*this, split);
  std::vector<std::string> ids;
  for (const ParquetFile& file : cache_->open(path_ / Table<PageRow>::kName, split)->files) {
    for (int group = 0; group < file.groups(); ++group) {
      throw_if_interrupted();
      const std::vector<int64_t> empty = file.rows_without_image(group, "image");
      if (empty.empty()) continue;
      std::vector<Row> rows = file.read(group, {{"page_id", ColumnType::kString}});
      for (const int64_t row : empty) ids.push_back(std::get<std::string>(rows.at(row).at(0)));
    }
  }
  return ids;
}

}  // namespace recto
