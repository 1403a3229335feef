#pragma once
// Vectors made of words alone: a teacher for models that see pictures.

#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/matrix.h"
#include "search/bm25.h"

namespace recto {

/// The words of a text, in order, with repetitions.
using SplitWords = std::function<std::vector<std::string>(const std::string& text)>;

struct TextVectorSettings {
  int dimensions = 1024;  ///< of the projection; vectors have one more
  uint64_t seed = 0;      ///< of the projection
  Bm25Parameters bm25;
  SplitWords split;  ///< empty: lexical_words()
};

/// Pages as vectors of length 1 whose cosine with a query's is the page's BM25 score, up to a
/// factor of the query's and the noise of a random projection (a standard error of 1 /
/// sqrt(dimensions) times the lengths):
///   page   (x, sqrt(M^2 - |x|^2)) / M,  x = sum over words t: f (k1 + 1) / (f + k1 (1 - b + b |d|
///   /
///          mean |d|)) r_t,  M the largest |x|
///   query  (y, 0) / |y|,  y = sum over distinct words t: ln(1 + (N - n_t + 0.5) / (n_t + 0.5)) r_t
/// r_t has entries +-1 / sqrt(dimensions), drawn by seed and word [Achlioptas 2003]. The last
/// component makes a ranking by inner product one by cosine [Bachrach et al. 2014].
class TextVectors {
 public:
  /// Counts the words of `pages`. Throws Error(kBadInput) when there is none in any of them.
  TextVectors(const std::vector<std::string>& pages, const TextVectorSettings& settings);

  /// [pages, dimensions + 1]. A page without words is (0, ..., 0, 1).
  Matrix pages() const;
  /// [1, dimensions + 1]; false, and `vector` as it was, for a query without a word of the pages.
  bool query(const std::string& text, std::vector<float>& vector);

 private:
  using Word = uint32_t;
  struct Count {
    Word word = 0;
    uint32_t times = 0;
  };
  double idf(Word word) const;
  /// x += weight r_word.
  void add(Word word, double weight, std::vector<double>& x) const;
  std::vector<double> page(size_t index) const;

  TextVectorSettings settings_;
  std::unordered_map<std::string, Word> words_;
  std::vector<uint64_t> streams_;      ///< of each word's signs
  std::vector<uint32_t> frequencies_;  ///< pages that have the word
  std::vector<std::vector<Count>> pages_;
  std::vector<double> lengths_;  ///< words of each page, over their mean
};

}  // namespace recto
