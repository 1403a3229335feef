#pragma once
// The text layers of documents, for a tokenizer to learn from.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "model/bpe_learner.h"

namespace recto {

/// The documents under `paths` (page/reader.h, list_page_files()) but for those that `leave_out`
/// matches (model/path_patterns.h). Throws Error(kNotFound) when there is none, or a pattern
/// matches none.
std::vector<std::filesystem::path> documents_of(const std::vector<std::string>& paths,
                                                const std::vector<std::string>& leave_out);

struct TextsRead {
  int64_t pages = 0;
  int64_t failures = 0;  ///< documents and pages that could not be read
};

/// Adds the text layer of every page of documents_of(paths, leave_out) to `learner`; of a document
/// with more than `document_pages` pages, unless that is 0, so many that lie evenly over it. Throws
/// as documents_of() and Document do; with `keep_going`, a document or page that cannot be read is
/// said on stderr and left out.
TextsRead add_document_texts(const std::vector<std::string>& paths,
                             const std::vector<std::string>& leave_out, int document_pages,
                             bool keep_going, BpeLearner& learner);

/// `count` of the pages 1 to `pages`, evenly; all of them when `count` is 0 or as many as there
/// are.
std::vector<int> spread_pages(int pages, int count);

}  // namespace recto
