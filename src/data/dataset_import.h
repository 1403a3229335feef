#pragma once
// Datasets in the layouts of other tools, from local files (docs/formats/layouts.md).

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "data/dataset.h"

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
  /// counts them; of every layout only `split` is read, of mteb and beir over the whole of its
  /// corpus, which may be texts without pictures. A query whose judgements are all 0 stays. `recto
  /// dataset validate` wants other ids.
  bool for_evaluation = false;
  /// Of mteb, the only configurations that are read, by what stands in front of "corpus"
  /// ("english-"); all when empty.
  std::vector<std::string> corpora;
};

struct ImportReport {
  std::string format;  ///< the one that was read
  int64_t pages = 0;
  bool texts = false;                         ///< the pages are texts without pictures
  std::map<std::string, int64_t> counts;      ///< what was left out or changed, by reason
  std::map<std::string, int64_t> unanswered;  ///< queries left out for want of an answer, by split
  /// For an evaluation, judgements of pages that the corpus does not have, by split.
  std::map<std::string, std::vector<QrelRow>> absent;
  std::vector<std::string> failed;  ///< what was wrong with images
};

/// auto, ogc, vdr, colpali, vdr-multilingual, mteb, vidore, beir, sentence-transformers.
std::vector<std::string> import_formats();

/// The corpora that queries of a set are asked over, each with what stands in front of its
/// configurations: {{"english-", "french-"}, {"german-"}} when the first two hold the same pages
/// under the same ids and the third does not. {{}} for any set that is not mteb; {{""}} for one
/// without such names. Reads the corpora of mteb that have a prefix each. Throws as
/// import_dataset().
std::vector<std::vector<std::string>> corpora_of(const std::filesystem::path& path,
                                                 const ImportOptions& options);

/// Reads the Parquet file or the directory `path` and writes the dataset directory `output`. Each
/// image is stored once (SHA-256), decoded in a sandboxed worker. What occurs in several splits
/// stays in test, then validation, then train, so that nothing crosses. The same files and options
/// give the same bytes. Throws Error(kUsage) for an unknown format or an output that exists,
/// Error(kBadInput | kLimit | kNotFound) naming file, column or row; then there is no output.
ImportReport import_dataset(const std::filesystem::path& path, const std::filesystem::path& output,
                            const ImportOptions& options);

}  // namespace recto
