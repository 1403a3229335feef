#pragma once
// Tables that come from outside or go there: the input lines of "recto embed", and tables of
// vectors (docs/formats/embeddings.md).

#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/matrix.h"
#include "base/sparse_vector.h"

namespace recto {

/// One line to embed, one vector. It holds one of: a query; a query and an image; an image; an
/// image and a text; a page of a PDF; a page of a PDF and a text; a passage.
struct EmbedRow {
  std::string id;
  std::optional<std::string> query;
  std::optional<std::string> passage;
  std::optional<std::string> text;   ///< belongs to the image or page
  std::filesystem::path image_path;  ///< empty when the row has none, or has the bytes
  std::string image_bytes;           ///< an encoded image out of a Parquet column
  std::filesystem::path pdf;         ///< empty when the row has none
  int page = 0;                      ///< of `pdf`, from 1
  std::string where;                 ///< "FILE:LINE" or "FILE row N", for messages

  bool has_image() const { return !image_path.empty() || !image_bytes.empty(); }
};

/// Told of a row that cannot be used; the next one follows.
using BadRowHandler = std::function<void(const Error& error)>;

/// Calls `visit` with each row of a .jsonl or .parquet file, in file order, holding one line or
/// row group at a time. Columns: id (text or integer), and query, image (path, or in Parquet
/// bytes or an Image struct), pdf, page, passage, text; others are ignored, null is absent. A
/// relative path is looked for beside the file, then in the working directory. A row that is no
/// such thing throws Error(kBadInput) naming file, line and field, or goes to `bad_row`.
/// A file that cannot be read as its ending says is always thrown. What `visit` throws is passed
/// on.
void for_each_embed_row(const std::filesystem::path& file,
                        const std::function<void(EmbedRow&&)>& visit,
                        const BadRowHandler& bad_row = nullptr);

/// A table of vectors with what made them.
struct Embeddings {
  std::vector<std::string> ids;
  Matrix vectors;                    ///< [ids, dimensions]
  std::vector<SparseVector> sparse;  ///< one for each id, or none at all
  std::string contract;              ///< hash; empty in a table that was not written by recto
};

/// Throws Error(kUsage) when the ending of `file` is not .safetensors, .npy, .jsonl or .parquet,
/// so that it can be said before hours of work.
void check_embeddings_path(const std::filesystem::path& file);

/// Whether a table in the format of `file`'s ending can hold sparse vectors beside the dense ones:
/// all can but .npy, which is one array.
bool holds_sparse_vectors(const std::filesystem::path& file);

/// Writes vectors in the format of `file`'s ending, atomically (.npy with FILE.ids.json beside it,
/// and without the sparse ones). Throws Error(kUsage) for another ending, Error(kIo),
/// Error(kInternal) for a value that is not finite.
void write_embeddings(const std::filesystem::path& file, const std::vector<std::string>& ids,
                      const Matrix& vectors, const std::string& contract_hash,
                      std::span<const SparseVector> sparse = {});

/// Reads what write_embeddings wrote (and other tools' files of the same layout). Throws
/// Error(kBadInput) naming the file and field, Error(kNotFound), Error(kIo).
Embeddings read_embeddings(const std::filesystem::path& file);

}  // namespace recto
