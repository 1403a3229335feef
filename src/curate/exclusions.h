#pragma once
// Pages and queries of evaluation sets, which must not be in what is curated.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "curate/audit.h"
#include "curate/corpus.h"
#include "curate/near_duplicates.h"
#include "curate/problem.h"
#include "page/perceptual_hash.h"
#include "page/reader.h"
#include "search/word_tokenizer.h"

namespace recto {

struct ExclusionSettings {
  NearDuplicateRule rule;
  int overlap_words = 8;  ///< that many words in a row in common with a query
  int threads = 1;        ///< workers that decode pictures
  PageLimits limits;      ///< of the pictures, which nobody vouches for
};

/// What was read, in numbers.
struct ExclusionCounts {
  int64_t files = 0;
  int64_t pages = 0;      ///< distinct pictures and listed hashes
  int64_t queries = 0;    ///< distinct, by their words
  int64_t documents = 0;  ///< by SHA-256
};

/// Everything to be excluded, as fingerprints: 32 bytes and the word 3-grams of a page, 8 bytes for
/// each query and each run of words in it. Immutable, thread-safe.
class Exclusions {
 public:
  /// Reads `paths`, each one of:
  /// - a directory with Parquet files, at any depth (a recto dataset, an mteb, ViDoRe, OGC or other
  ///   layout), or one .parquet file. Pages are the rows with an `image` (struct<bytes, path>,
  ///   bytes, or the path of a file, beside the Parquet file or in the working directory); their
  ///   `text`, when there is one, is that of the page, and a `perceptual_hash` spares the decoding.
  ///   Queries are the columns `query`, `question` and `anchor`, and `text` of a file that has no
  ///   image and lies in a folder or has a name with "queries". Documents are the `document_id`s of
  ///   a table documents. Files with none of these are passed over. Of BEIR's own layout
  ///   queries.jsonl is read, the `text` of each line; texts of a corpus exclude nothing.
  /// - a text file, a line each: 64 hexadecimal digits or "phash:" and them, the perceptual hash of
  ///   a page; "sha256:" and 64 digits, a document; empty lines and those with "#" in front.
  /// Pictures are decoded in sandboxed workers. Throws Error(kNotFound), Error(kBadInput) naming
  /// file and row or line for what cannot be read, and for a path that holds nothing to exclude:
  /// what is left out unnoticed would be in the training data. A page of one colour, which is in
  /// most sets, excludes nothing.
  /// `queries` are excluded, too.
  static Exclusions load(const std::vector<std::filesystem::path>& paths,
                         const ExclusionSettings& settings,
                         const std::vector<std::string>& queries = {});

  ~Exclusions();
  Exclusions(Exclusions&&) noexcept;
  Exclusions& operator=(Exclusions&&) noexcept;

  const ExclusionCounts& counts() const;
  /// Whether a document is excluded, by its SHA-256.
  bool has_document(std::string_view document_id) const;

  /// Why a page must go, or nothing: its document is excluded, or it looks like an excluded page
  /// and, as far as both have text, says the same (Jaccard index of the word 3-grams, or few words
  /// on both). Without text on either side looks alone decide.
  std::optional<Problem> check_page(std::string_view document_id, const PerceptualHash& hash,
                                    std::string_view text) const;

  /// Why a query must go, or nothing: its words are those of an excluded query, or it has
  /// `overlap_words` words in a row in common with one (of unspaced scripts, pairs of characters).
  /// The tokenizer is the calling thread's.
  std::optional<Problem> check_query(WordTokenizer& tokenizer, std::string_view query) const;

 private:
  Exclusions();
  struct State;
  std::unique_ptr<State> state_;
};

/// Removes excluded queries; each query has a row in `audit` (stage "decontamination"). Returns how
/// many were dropped.
int64_t decontaminate(std::vector<CorpusQuery>& queries, const Exclusions& exclusions,
                      Audit& audit);

}  // namespace recto
