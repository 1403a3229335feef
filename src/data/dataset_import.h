#pragma once
// Datasets in the layouts of other tools, from local files (docs/formats/layouts.md).

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/json.h"

namespace recto {

struct ImportOptions {
  std::string format = "auto";  ///< of import_formats()
  /// For files whose name says none of train, validation and test; "" for train, or for test with
  /// the layouts of evaluation sets (mteb, vidore, beir).
  std::string split;
  int threads = 1;          ///< images decoded at a time, each in a worker process
  bool keep_going = false;  ///< an image that cannot be read is left out, and counted
  /// For a dataset that is measured on and then thrown away: a page is called by the id it has in
  /// the source (as long as it is one word), two ids are two pages even of one image, as mteb
  /// counts them; of mteb and beir only `split` is read, over the whole of its corpus, which may be
  /// texts without pictures. `recto dataset validate` wants other ids.
  bool for_evaluation = false;
};

struct ImportReport {
  std::string format;  ///< the one that was read
  int64_t pages = 0;
  bool texts = false;                         ///< the pages are texts without pictures
  std::map<std::string, int64_t> counts;      ///< what was left out or changed, by reason
  std::map<std::string, int64_t> unanswered;  ///< queries left out for want of an answer, by split
  std::vector<std::string> failed;            ///< what was wrong with images
};

/// auto, ogc, vdr, colpali, vdr-multilingual, mteb, vidore, beir, sentence-transformers.
std::vector<std::string> import_formats();

/// Reads the Parquet file or the directory `path` and writes the dataset directory `output`. Each
/// image is stored once (SHA-256), decoded in a sandboxed worker. What occurs in several splits
/// stays in test, then validation, then train, so that nothing crosses. The same files and options
/// give the same bytes. Throws Error(kUsage) for an unknown format or an output that exists,
/// Error(kBadInput | kLimit | kNotFound) naming file, column or row; then there is no output.
ImportReport import_dataset(const std::filesystem::path& path, const std::filesystem::path& output,
                            const ImportOptions& options);

}  // namespace recto
