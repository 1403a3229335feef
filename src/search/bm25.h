#pragma once
// Lexical ranking of texts: BM25 as SQLite's FTS5 computes it.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace recto {

/// One found text.
struct ScoredId {
  std::string id;
  double score = 0;  ///< larger is better

  bool operator==(const ScoredId&) const = default;
};

/// The two numbers of BM25: how soon repetition stops to count, and how far length does.
struct Bm25Parameters {
  double k1 = 1.2;
  double b = 0.75;
};

/// Texts to rank by the words of a query. Tokens are FTS5's unicode61 with remove_diacritics 2:
/// runs of letters and digits, in lower case, without accents (a run of Chinese or Japanese
/// characters is one token, so such texts are found only by whole runs).
///   score(q, d) = sum over distinct tokens t of q:
///                 idf(t) * f(t, d) * (k1 + 1) / (f(t, d) + k1 * (1 - b + b * |d| / mean |d|))
///   idf(t) = max(ln((N - n(t) + 0.5) / (n(t) + 0.5)), 1e-6), k1 = 1.2, b = 0.75
/// Thread-safe.
class Bm25Index {
 public:
  static constexpr double kK1 = 1.2;
  static constexpr double kB = 0.75;
  /// Words of a query beyond this many distinct ones are ignored.
  static constexpr size_t kMaxQueryTokens = 1024;

  /// In memory.
  Bm25Index();
  /// In a SQLite file, made when absent. Throws Error(kIo | kBadInput) naming it.
  explicit Bm25Index(const std::filesystem::path& path);
  ~Bm25Index();
  Bm25Index(Bm25Index&&) noexcept;
  Bm25Index& operator=(Bm25Index&&) noexcept;

  /// Adds texts under distinct ids, all or none of them.
  void add(const std::vector<std::string>& ids, const std::vector<std::string>& texts);
  int64_t size() const;

  /// The k best texts that share a token with `query`, best first, ties by id descending (UTF-8
  /// bytes). Every character of the query is text: it has no operators.
  std::vector<ScoredId> search(const std::string& query, int k) const;

  /// The distinct tokens of a text, in order of appearance.
  std::vector<std::string> tokens(const std::string& text) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace recto
