#pragma once
// Files into an index, and the model an index belongs to.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

#include "engine/embed_pipeline.h"
#include "model/model_directory.h"
#include "search/index.h"

namespace recto {

/// Longest side of the page pictures an index keeps, in pixels.
inline constexpr int kIndexPictureEdge = 1024;

/// `model` as an index remembers it: its absolute path, the hash of its weights, and its name when
/// it comes with recto.
IndexModel index_model(const ModelDirectory& model);

/// The model to search `index` with or to add to it: the one it was made with, or `other` when that
/// is given (a model that comes with recto is the one of this recto, wherever that lies), under the
/// index's own settings of pages. Throws Error(kMismatch) naming both sides when its contract,
/// which names its weights, is not the index's, or, with `verify_weights`, when its weights are not
/// those that its contract names; Error(kNotFound) when it is not there any more.
std::shared_ptr<const ModelDirectory> open_index_model(const PageIndex& index,
                                                       const std::filesystem::path& other,
                                                       const std::filesystem::path& adapter,
                                                       bool verify_weights);

struct IndexingReport {
  int64_t documents = 0;  ///< added
  int64_t pages = 0;
  int64_t present = 0;  ///< files that were in the index already
  uint64_t failed = 0;  ///< files or pages skipped with keep_going
};

/// Adds PDFs and images to `index`, each one durable before the next. `embedder` holds the index's
/// model. Without keep_going the first bad file ends it: what was added before stays. Throws as
/// embed_all and PageIndex::add do.
IndexingReport add_documents(PageIndex& index, Embedder& embedder,
                             const std::vector<std::filesystem::path>& files, EmbedOptions options);

}  // namespace recto
