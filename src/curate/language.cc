#include "curate/language.h"

#include "base/language_tag.h"

// Before CLD2's header, which needs it and does not include it.
#include <cstdio>
// clang-format keeps blocks in order.
#include <cld2/public/compact_lang_det.h>
#include <cld2/public/encodings.h>

#include <algorithm>
#include <array>

#include "base/language_tag.h"
#include "base/utf8.h"

namespace recto {
namespace {

// More than any page that is read has; enough to be sure.
constexpr size_t kMaxBytes = size_t{1} << 20;
// So many bytes of letters make a text of an alphabet, or of ideographs, long.
constexpr double kLongText = 100;
constexpr double kLongIdeographs = 24;
// CLD2 gives a guess, but says that another language is about as likely.
constexpr double kUnsure = 0.5;

// Written in a script of their own.
constexpr std::string_view kOwnScript[] = {"el", "ja", "ko", "th", "ka", "hy", "ta", "te", "ml",
                                           "kn", "gu", "pa", "or", "si", "lo", "km", "my", "he"};

// What CLD2 calls otherwise than BCP 47 does today.
constexpr std::pair<std::string_view, std::string_view> kRenamed[] = {
    {"iw", "he"}, {"jw", "jv"}, {"in", "id"}, {"ji", "yi"}, {"mo", "ro"}, {"sr-ME", "cnr"}};

bool is_space(char32_t code) { return code <= 0x20 || code == 0xA0 || code == 0x3000; }

/// CLD2 reads no control characters, noncharacters and private use.
bool is_readable(char32_t code) {
  return code >= 0x20 && (code < 0x7F || code > 0x9F) && (code < 0xFDD0 || code > 0xFDEF) &&
         (code < 0xE000 || code > 0xF8FF) && (code & 0xFFFE) != 0xFFFE && code != 0xFFFD &&
         code < 0xF0000;
}

/// Code, paths, addresses, options, numbers, leaders of dots: English in every language.
bool is_no_word(std::string_view word) {
  const bool ascii = std::all_of(word.begin(), word.end(), [](char c) { return (c & 0x80) == 0; });
  if (!ascii) return false;
  const std::string_view core = word.substr(0, word.find_last_not_of(".,:;!?)\"'") + 1);
  return core.empty() || core.front() == '-' ||
         core.find_first_of("0123456789_/\\@=<>{}[]|#$%^&*~`+.:") != std::string_view::npos;
}

std::string readable_words(std::string_view text) {
  std::string words;
  std::string word;
  const auto end_word = [&] {
    if (!word.empty() && !is_no_word(word)) words.append(word).append(1, ' ');
    word.clear();
  };
  for (size_t at = 0; at < text.size() && words.size() + word.size() < kMaxBytes;) {
    const char32_t code = decode_utf8(text, at);
    if (is_space(code)) {
      end_word();
    } else if (is_readable(code)) {
      append_utf8(word, code);
    }
  }
  end_word();
  return words;
}

struct Detection {
  std::string language;
  int percent = 0;
  int bytes = 0;  ///< of letters
  bool reliable = false;
};

Detection detect(const std::string& text, const std::string& hint) {
  // Without a guess for short texts too, CLD2 says nothing of most queries.
  constexpr int kBestEffort = 0x4000;
  CLD2::CLDHints hints{hint.empty() ? nullptr : hint.c_str(), nullptr, CLD2::UNKNOWN_ENCODING,
                       CLD2::UNKNOWN_LANGUAGE};
  const auto run = [&](int flags, Detection& out) {
    std::array<CLD2::Language, 3> languages{};
    std::array<int, 3> percents{};
    std::array<double, 3> scores{};
    int valid = 0;
    CLD2::ExtDetectLanguageSummaryCheckUTF8(
        text.data(), static_cast<int>(text.size()), true, &hints, flags, languages.data(),
        percents.data(), scores.data(), nullptr, &out.bytes, &out.reliable, &valid);
    if (languages[0] == CLD2::UNKNOWN_LANGUAGE) return false;
    out.language = CLD2::LanguageCode(languages[0]);
    out.percent = percents[0];
    return true;
  };
  Detection out;
  if (run(0, out)) return out;
  run(kBestEffort, out);
  out.reliable = false;
  return out;
}

std::string bcp47(const std::string& code) {
  for (const auto& [old, current] : kRenamed) {
    if (code == old) return std::string(current);
  }
  // Scripts without a language ("xx-Goth") and CLD2's jokes ("zzb").
  if (code.starts_with("xx") || code.starts_with("zz") || code == "tlh") return "";
  return code;
}

double length_factor(const std::string& language, int bytes) {
  const double length = bytes;
  for (const std::string_view own : kOwnScript) {
    if (language == own) return std::min(1.0, length / 6);
  }
  if (primary_language(language) == "zh") return std::min(1.0, length / kLongIdeographs);
  return std::min(1.0, length / kLongText);
}

}  // namespace

LanguageGuess detect_language(std::string_view text, std::string_view hint) {
  std::string known = hint == "zh-Hant" ? std::string(hint) : primary_language(hint);
  if (known == "he") known = "iw";
  const Detection found = detect(readable_words(text), known);
  LanguageGuess guess;
  guess.language = bcp47(found.language);
  if (guess.language.empty()) return {};
  guess.confidence = found.percent / 100.0 * length_factor(guess.language, found.bytes);
  if (!found.reliable) guess.confidence *= kUnsure;
  guess.confidence = std::clamp(guess.confidence, 0.0, 1.0);
  return guess;
}

}  // namespace recto
