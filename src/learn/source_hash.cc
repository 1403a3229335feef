#include "learn/source_hash.h"

#include <algorithm>
#include <filesystem>

#include "base/file.h"
#include "base/list_files.h"
#include "base/sha256.h"

namespace recto {
namespace fs = std::filesystem;
namespace {

constexpr size_t kTail = 64 << 10;

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

void add_page_files(Sha256& hash, const fs::path& dataset) {
  const auto is_table = [](const fs::path& path) { return path.extension() == ".parquet"; };
  for (const fs::path& path : list_files_below(dataset / "pages", {is_table})) {
    const MappedFile file(path);
    add(hash, path.filename().string());
    add(hash, std::to_string(file.bytes().size()));
    hash.update(file.bytes().last(std::min(kTail, file.bytes().size())));
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
    add_page_files(hash, dataset->path());
  }
  add(hash, train);
  add(hash, "held out");
  add(hash, held_out);
  return hash.hex();
}

}  // namespace recto
