#pragma once
// BM25 for many queries over many texts: what curation asks of a whole corpus. The formula is that
// of Bm25Index (search/bm25.h), whose FTS5 visits every text with a common word row by row; here
// the postings are compact lists and a query is a pass over a few of them.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "search/bm25.h"

namespace recto {

/// The postings of numbered texts in a SQLite file. Memory does not grow with the texts but for
/// four bytes each, and sixteen for each searcher. Words are lexical_words(): for text without
/// unspaced scripts the tokens of Bm25Index.
class LexicalIndex {
 public:
  static constexpr int64_t kDefaultMemoryBytes = 24 << 20;

  /// Makes `file` anew; it stays until somebody removes it. Up to about `memory_bytes` of postings
  /// are gathered before they are written. Throws Error(kIo) naming the file.
  explicit LexicalIndex(std::filesystem::path file, int64_t memory_bytes = kDefaultMemoryBytes);
  ~LexicalIndex();
  LexicalIndex(const LexicalIndex&) = delete;
  LexicalIndex& operator=(const LexicalIndex&) = delete;

  /// Adds a text; its number is how many were added before it.
  void add(std::string_view text);
  /// Writes what is gathered. Call once, after the last add() and before the first search.
  void finish();

  int32_t size() const;
  /// How many words the text has.
  uint32_t length(int32_t text) const;
  const std::filesystem::path& file() const;

 private:
  friend class LexicalSearcher;
  struct State;
  std::unique_ptr<State> state_;
};

struct LexicalHit {
  int32_t text = 0;
  double score = 0;  ///< larger is better

  bool operator==(const LexicalHit&) const = default;
};

/// Scores queries against a finished LexicalIndex, which must outlive it. Not thread-safe: one for
/// each thread. What it says of a query depends on that query alone.
class LexicalSearcher {
 public:
  /// Words of a query beyond this many distinct ones are ignored.
  static constexpr size_t kMaxQueryWords = 1024;

  explicit LexicalSearcher(const LexicalIndex& index, Bm25Parameters parameters = {});
  ~LexicalSearcher();
  LexicalSearcher(const LexicalSearcher&) = delete;
  LexicalSearcher& operator=(const LexicalSearcher&) = delete;

  /// Scores every text with `query`; what the functions below say is about the last one.
  void score(std::string_view query);

  /// 0 for a text that shares no word with the query.
  double score_of(int32_t text) const;
  /// The k best texts that share a word with the query, best first, ties by number. With `allowed`
  /// (one for each text) only those where it is not 0.
  std::vector<LexicalHit> best(int k, std::span<const uint8_t> allowed = {}) const;
  /// The place, from 1, of the best of `texts` among all texts in the order of best(); 0 when none
  /// of them shares a word with the query.
  int64_t best_rank(std::span<const int32_t> texts) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace recto
