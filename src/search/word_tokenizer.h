#pragma once
// Words as the full-text index cuts them.

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace recto {

/// FTS5's tokenizer unicode61 with remove_diacritics 2: maximal runs of letters and digits, in
/// lower case, without accents. Not thread-safe.
class WordTokenizer {
 public:
  /// Throws Error(kUnsupported) when this SQLite has no FTS5.
  WordTokenizer();
  ~WordTokenizer();
  WordTokenizer(const WordTokenizer&) = delete;
  WordTokenizer& operator=(const WordTokenizer&) = delete;

  /// Calls `take` with each word in order until it returns false.
  void for_each(std::string_view text, const std::function<bool(std::string_view word)>& take);
  std::vector<std::string> words(std::string_view text);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace recto
