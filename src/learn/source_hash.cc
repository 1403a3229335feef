#include "learn/source_hash.h"

#include <cstdint>
#include <filesystem>
#include <vector>

#include "base/interrupt.h"
#include "base/list_files.h"
#include "base/log.h"
#include "base/sha256.h"
#include "base/threads.h"

namespace recto {
namespace fs = std::filesystem;
namespace {

constexpr uint64_t kLong = uint64_t{4} << 30;  // some seconds, of a disk that is not fast

void add(Sha256& hash, std::string_view text) {
  hash.update(text);
  hash.update(std::string_view("\0", 1));
}

void add(Sha256& hash, const TrainingData& data) {
  for (const TrainingData::Page& page : data.pages) {
    add(hash, page.id);
    add(hash, page.passage);
  }
  for (const TrainingData::Query& query : data.queries) {
    for (const std::string* text : {&query.id, &query.text, &query.language}) add(hash, *text);
    for (const std::vector<size_t>* list : {&query.positives, &query.negatives}) {
      for (const size_t page : *list) add(hash, std::to_string(page));
      add(hash, "");
    }
  }
}

std::vector<fs::path> tables_with_contents(const fs::path& dataset) {
  const auto is_table = [](const fs::path& path) { return path.extension() == ".parquet"; };
  std::vector<fs::path> files;
  for (const char* table : {"documents", "pages", "queries", "qrels", "negatives"}) {
    if (!fs::is_directory(dataset / table)) continue;
    const std::vector<fs::path> found = list_files_below(dataset / table, {is_table});
    files.insert(files.end(), found.begin(), found.end());
  }
  return files;
}

void say_if_long(const fs::path& dataset, const std::vector<fs::path>& files) {
  uint64_t bytes = 0;
  for (const fs::path& file : files) bytes += fs::file_size(file);
  if (bytes < kLong) return;
  log_info("{}: reading its {:.1f} GB once, to know them again when the run is resumed",
           dataset.string(), static_cast<double>(bytes) / 1e9);
}

void add_files(Sha256& hash, const fs::path& dataset) {
  const std::vector<fs::path> files = tables_with_contents(dataset);
  say_if_long(dataset, files);
  std::vector<std::string> hashes(files.size());
  parallel_for(files.size(), available_cores(), [&](size_t i) {
    throw_if_interrupted();
    hashes[i] = sha256_file(files[i]);
  });
  for (size_t i = 0; i < files.size(); ++i) {
    add(hash, files[i].lexically_relative(dataset).generic_string());
    add(hash, hashes[i]);
  }
}

}  // namespace

std::string source_hash(const Dataset* dataset, const TrainingData& train,
                        const TrainingData& held_out) {
  Sha256 hash;
  if (dataset != nullptr) {
    if (dataset->manifest().contains("tables")) {
      add(hash, canonical_json(dataset->manifest()["tables"]));
    }
    add_files(hash, dataset->path());
  }
  add(hash, train);
  add(hash, "held out");
  add(hash, held_out);
  return hash.hex();
}

}  // namespace recto
