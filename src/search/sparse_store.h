#pragma once
// The sparse vectors of an index: sparse.bin, and the table that says what of it counts
// (docs/formats/index.md).

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "base/sparse_vector.h"
#include "search/sqlite.h"

namespace recto {

/// Makes both, empty.
void create_sparse_store(const std::filesystem::path& directory, Database& database);

/// Checks sparse.bin as check_append_file() does.
void check_sparse_store(const std::filesystem::path& directory, Database& database);

/// Appends the vectors of the pages of document `key` and syncs the file; to be called inside the
/// transaction that adds the document.
void add_to_sparse_store(const std::filesystem::path& directory, Database& database, int64_t key,
                         std::span<const SparseVector> pages);

/// The vectors of all pages, by row. Throws Error(kBadInput) naming the document whose do not agree
/// with their checksum.
std::vector<SparseVector> read_sparse_store(const std::filesystem::path& directory,
                                            Database& database);

}  // namespace recto
