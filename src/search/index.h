#pragma once
// A durable index of document pages: vectors, page pictures and where they come from, in one
// directory (docs/formats/index.md gives the bytes).

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/matrix.h"
#include "base/sparse_vector.h"
#include "data/page_id.h"
#include "model/contract.h"
#include "search/fusion.h"

namespace recto {

/// The model whose vectors an index holds.
struct IndexModel {
  std::filesystem::path path;  ///< directory, so that a search need not name it again
  std::string weights_sha256;  ///< of what was loaded; empty when it was not computed
  std::string name;  ///< of a model that comes with recto (model/shipped_model.h); else empty
};

/// A file to add.
struct IndexDocument {
  std::string sha256;          ///< of the file: its identity in the index
  std::string source_name;     ///< file name, for people
  std::filesystem::path path;  ///< where it lay
  std::string title;
};

struct IndexPage {
  int page_number = 0;  ///< from 1
  int width = 0;        ///< of `jpeg`, in pixels
  int height = 0;
  std::string jpeg;  ///< the picture a search shows, kept in the index
  std::string text;  ///< text layer, may be empty
};

struct IndexHit {
  int64_t row = 0;  ///< of the vector
  float score = 0;
  int page_number = 0;
  std::string document_id;  ///< SHA-256 of the file
  std::string source_name;
  std::string path;
  std::string title;

  std::string page_id() const { return make_page_id(document_id, page_number); }
};

struct IndexedDocument {
  std::string document_id;
  std::string source_name;
  std::string path;
  std::string title;
  int64_t pages = 0;
};

/// An index directory. Documents are added whole: a process killed at any moment leaves the index
/// as it was after the last document that was added. One process writes at a time (another waits);
/// readers see the documents that were there when they opened the index or last called refresh().
/// Thread-safe.
class PageIndex {
 public:
  /// Makes an empty index. `dimensions` is one of contract.dimensions. Throws Error(kUsage) when
  /// `directory` exists and is not empty or `dimensions` is not declared, Error(kIo).
  static PageIndex create(const std::filesystem::path& directory, const Contract& contract,
                          int dimensions, const IndexModel& model);

  /// Throws Error(kNotFound) when there is no index, Error(kBadInput) for a damaged one,
  /// Error(kUnsupported) for a newer format.
  static PageIndex open(const std::filesystem::path& directory);

  ~PageIndex();
  PageIndex(PageIndex&&) noexcept;
  PageIndex& operator=(PageIndex&&) noexcept;

  const std::filesystem::path& directory() const;
  const Contract& contract() const;
  int dimensions() const;
  const IndexModel& model() const;
  /// Throws Error(kMismatch) naming both hashes when `contract` is not the index's.
  void check_contract(const Contract& contract) const;

  int64_t documents() const;
  int64_t pages() const;
  /// In the order they were added.
  std::vector<IndexedDocument> list_documents() const;
  /// True when a file of this SHA-256 is in the index.
  bool contains(const std::string& sha256) const;

  /// Adds a document with the vectors of its pages, [pages, dimensions], and their sparse ones
  /// where the contract has a sparse output. False, and nothing changes, when it is there already.
  /// Durable once it returns. Throws Error(kIo), Error(kMismatch) when the vectors have another
  /// length.
  bool add(const IndexDocument& document, std::span<const IndexPage> pages, const Matrix& vectors,
           std::span<const SparseVector> sparse = {});

  /// Sees what another process has added since. Costs little where that is nothing.
  void refresh();

  /// The k pages with the largest dot product for each query [n, dimensions], best first, ties by
  /// page id descending. Exact. The first search checks the vectors against their checksums and
  /// throws Error(kBadInput) naming the document whose do not agree.
  std::vector<std::vector<IndexHit>> search(const Matrix& queries, int k, int threads = 1) const;

  /// The k pages nearest to a text by their sparse vectors (search/sparse_search.h). Throws
  /// Error(kUnsupported) for an index without, else as search() does.
  std::vector<IndexHit> search_sparse(const SparseVector& query, int k) const;

  /// The k best of both rankings together (search/fusion.h); `query` has one row.
  std::vector<IndexHit> search_both(const Matrix& query, const SparseVector& sparse, int k,
                                    const Fusion& fusion, int threads = 1) const;

  /// The page of that id, with a score of 0; nothing when the index has none.
  std::optional<IndexHit> find_page(const std::string& page_id) const;

  /// The picture of a page, a JPEG. Throws Error(kBadInput) when its checksum does not agree.
  std::string page_image(const IndexHit& hit) const;
  /// The text layer of a page.
  std::string page_text(const IndexHit& hit) const;

 private:
  PageIndex();
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace recto
