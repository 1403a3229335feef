#include "curate/query_rules.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/error.h"
#include "base/language_tag.h"
#include "base/utf8.h"
#include "curate/deixis.h"
#include "curate/folded_text.h"
#include "curate/loose_accents.h"
#include "curate/numbered_references.h"
#include "curate/personal_data.h"
#include "curate/query_text.h"
#include "data/query_text.h"
#include "model/unicode_class.h"
#include "search/lexical_words.h"

namespace recto {

namespace {

bool is_space(char c) { return c == ' '; }
bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || static_cast<unsigned char>(c) >= 0x80;
}

struct Size {
  int characters = 0;  ///< without white space
  int words = 0;       ///< runs without white space; of unspaced scripts two characters are one
};

Size measure(std::string_view text) {
  Size size;
  int unspaced = 0;
  bool in_word = false;
  for (size_t at = 0; at < text.size();) {
    const char32_t c = decode_utf8(text, at);
    if ((unicode_class(c) & kSpace) != 0) {
      in_word = false;
      continue;
    }
    ++size.characters;
    // Hangul is spaced, though its words are cut to pairs for searching.
    const bool hangul = c >= 0xAC00 && c <= 0xD7FF;
    if (is_unspaced_script(c) && !hangul) {
      ++unspaced;
      in_word = false;
    } else if (!in_word) {
      in_word = true;
      ++size.words;
    }
  }
  size.words += (unspaced + 1) / 2;
  return size;
}

std::optional<Problem> check_length(std::string_view text, const FoldedText& words,
                                    const QueryRuleSettings& settings) {
  const int letters = words.letters();
  if (letters == 0) return Problem{"no letters"};
  if (letters < settings.min_letters) {
    return Problem{"short", double(letters), double(settings.min_letters)};
  }
  if (words.words() == 1 && letters < settings.min_letters_one) {
    return Problem{"short: one word", double(letters), double(settings.min_letters_one)};
  }
  const Size size = measure(text);
  if (size.words > settings.max_words) {
    return Problem{"long", double(size.words), double(settings.max_words)};
  }
  if (size.characters > settings.max_characters) {
    return Problem{"long: characters", double(size.characters), double(settings.max_characters)};
  }
  return std::nullopt;
}

std::optional<Problem> check_language(const QueryFacts& query, const QueryRuleSettings& settings) {
  const double confidence = std::min(query.language_confidence, query.page_language_confidence);
  if (query.kind == kCrossLingualKind || confidence < settings.language_confidence ||
      languages_agree(query.language, query.page_language)) {
    return std::nullopt;
  }
  return Problem{fmt::format("language: {} on a page in {}", query.language, query.page_language),
                 confidence, settings.language_confidence};
}

/// Whether `mark` opens and closes some text without a space inside its marks; with `spaced`, the
/// text must have a space (so that __init__ is none).
bool is_marked(std::string_view text, std::string_view mark, bool spaced) {
  for (size_t open = text.find(mark); open != std::string_view::npos;
       open = text.find(mark, open + mark.size())) {
    const size_t begin = open + mark.size();
    const bool starts = open == 0 || !is_word(text[open - 1]);
    if (!starts || begin >= text.size() || is_space(text[begin]) || text[begin] == mark[0])
      continue;
    const size_t close = text.find(mark, begin);
    if (close == std::string_view::npos) return false;
    const size_t after = close + mark.size();
    const bool ends = !is_space(text[close - 1]) && (after == text.size() || !is_word(text[after]));
    const std::string_view inside = text.substr(begin, close - begin);
    if (ends && (!spaced || inside.find(' ') != std::string_view::npos)) return true;
  }
  return false;
}

/// "# Title", "- item", "> quote", "* item" at the beginning.
bool has_line_mark(std::string_view text) {
  const size_t marks = text.find_first_not_of('#');
  if (marks != std::string_view::npos && marks >= 1 && marks <= 6 && is_space(text[marks])) {
    return true;
  }
  return text.size() > 2 && is_space(text[1]) &&
         std::string_view("-*>+").find(text[0]) != std::string_view::npos;
}

/// "[text](target)" and "![alt](image)".
bool has_link(std::string_view text) {
  const size_t middle = text.find("](");
  return middle != std::string_view::npos &&
         text.substr(0, middle).find('[') != std::string_view::npos &&
         text.find(')', middle) != std::string_view::npos;
}

/// "<b>", "</p>", "<br/>": a tag that HTML has; "<int>" and "<stdio.h>" are none.
bool has_tag(std::string_view text) {
  constexpr std::array<std::string_view, 22> kTags = {
      "b",  "i",  "p",  "em", "br", "strong", "code", "pre", "ul", "ol",  "li",
      "h1", "h2", "h3", "td", "tr", "table",  "span", "div", "u",  "sub", "sup"};
  for (size_t open = text.find('<'); open != std::string_view::npos;
       open = text.find('<', open + 1)) {
    size_t begin = open + 1;
    if (begin < text.size() && text[begin] == '/') ++begin;
    const size_t close = text.find('>', begin);
    if (close == std::string_view::npos) return false;
    std::string_view name = text.substr(begin, close - begin);
    name = name.substr(0, name.find_first_of(" /"));
    if (std::find(kTags.begin(), kTags.end(), name) != kTags.end()) return true;
  }
  return false;
}

/// Writings that detectors take for each other get one name.
std::string detected_language(std::string_view tag) {
  const std::string language = primary_language(tag);
  if (language == "nb" || language == "nn") return "no";
  if (language == "sr" || language == "bs") return "hr";
  if (language == "ms") return "id";
  return language == "und" ? "" : language;
}

}  // namespace

bool has_markdown(std::string_view query) {
  const auto pipes = std::count(query.begin(), query.end(), '|');
  const bool table = query.starts_with('|') && query.ends_with('|') && pipes >= 2;
  return has_line_mark(query) || has_link(query) || has_tag(query) || table ||
         query.find("```") != std::string_view::npos || is_marked(query, "**", false) ||
         is_marked(query, "__", true) || is_marked(query, "~~", false) ||
         is_marked(query, "`", false) || is_marked(query, "*", false);
}

int count_questions(std::string_view query) {
  int questions = 0;
  bool in_question_mark = false;
  for (size_t at = 0; at < query.size();) {
    const char32_t c = decode_utf8(query, at);
    const bool mark = c == U'?' || c == 0xFF1F || c == 0x061F || c == 0x037E;
    // "a?b" and "?:" are code; a question ends before a space, a sign that closes, or the end. In
    // scripts without spaces the next one may follow at once.
    const bool wide = c == 0xFF1F;
    const bool ends = wide || at == query.size() ||
                      std::string_view(" \"')]}!.,;").find(query[at]) != std::string_view::npos ||
                      static_cast<unsigned char>(query[at]) >= 0x80;
    if (mark && ends && !in_question_mark) ++questions;
    if (c != U' ') in_question_mark = mark && ends;
  }
  return questions;
}

bool languages_agree(std::string_view a, std::string_view b) {
  const std::string one = detected_language(a);
  const std::string other = detected_language(b);
  return one.empty() || other.empty() || one == other;
}

struct QueryRules::State {
  QueryRuleSettings settings;
  mutable WordTokenizer tokenizer;
  DeixisFinder deixis{tokenizer};
};

QueryRules::QueryRules(const QueryRuleSettings& settings) : state_(new State{settings}) {}
QueryRules::~QueryRules() = default;

std::optional<Problem> QueryRules::check(const QueryFacts& query) const {
  const std::string text = in_plain_signs(query.query);
  const FoldedText words(state_->tokenizer, text);
  if (auto problem = check_length(text, words, state_->settings)) return problem;
  if (has_loose_accents(text) || has_accent_marks(text)) {
    return Problem{"letters and accents apart"};
  }
  if (has_markdown(text)) return Problem{"markdown"};
  if (const int questions = count_questions(text); questions > 1) {
    return Problem{"several questions", double(questions), 1};
  }
  if (const std::string_view found = personal_data(text); !found.empty()) {
    return Problem{fmt::format("personal data: {}", found)};
  }
  if (!numbered_reference(state_->tokenizer, text).empty()) {
    return Problem{"figure or page number"};
  }
  if (!state_->deixis.find(state_->tokenizer.words(text)).empty()) {
    return Problem{"points at the page"};
  }
  return check_language(query, state_->settings);
}

}  // namespace recto
