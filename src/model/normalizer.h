#pragma once
// What a tokenizer changes in a text before it cuts it into pieces.

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace recto {

/// The normalizers of tokenizer.json that recto knows, in the order they are applied.
class Normalizer {
 public:
  /// Reads the field "normalizer": null, Lowercase, a Replace of one text by another, or a Sequence
  /// of these. Throws Error(kUnsupported) naming the field for anything else, Error(kBadInput) for
  /// what is ill-formed.
  static Normalizer parse(const Json& json, const std::string& where);

  /// Whether apply() returns every text as it is.
  bool empty() const { return steps_.empty(); }
  /// `text` (well-formed UTF-8) as Hugging Face's tokenizers library normalizes it.
  std::string apply(std::string_view text) const;

 private:
  struct Step {
    std::string pattern;  ///< empty: lower case
    std::string content;  ///< in place of each `pattern`, found from left to right
  };
  void add(const Json& json, const std::string& where);

  std::vector<Step> steps_;
};

/// Appends the lower case of `code_point` alone, whatever stands around it, of the Unicode version
/// that the library follows.
void append_lower_case(std::string& text, char32_t code_point);

/// The generated table, sorted: code points with a lower case of one code point.
struct LowerCase {
  char32_t from, to;
};
extern const LowerCase kLowerCases[];
extern const size_t kLowerCaseCount;

}  // namespace recto
