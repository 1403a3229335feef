#pragma once
// The language of a page or a query, by CLD2.

#include <string>
#include <string_view>

namespace recto {

struct LanguageGuess {
  std::string language;   ///< BCP 47 ("de", "zh-Hant"), "" when unknown
  double confidence = 0;  ///< 0..1; below 0.5 the text is too short or too mixed to rely on it
};

/// The language most of `text` is written in. Words that look like code, paths, addresses or
/// numbers are left out first. Simplified Chinese is "zh", traditional "zh-Hant"; Portuguese is
/// "pt" wherever it comes from. `hint` (BCP 47 or "") is what is known from elsewhere: it decides
/// where the text leaves it open. Confidence is the share of the text in that language, less for
/// short texts (100 letters of an alphabet count fully; a script that only one language uses, and a
/// few ideographs, are enough) and where CLD2 itself is not sure. Ill-formed UTF-8 is read past.
/// Thread-safe.
LanguageGuess detect_language(std::string_view text, std::string_view hint = "");

}  // namespace recto
