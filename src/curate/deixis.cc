#include "curate/deixis.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/error.h"

namespace recto {

namespace {

using Words = std::vector<std::string>;

std::vector<std::string_view> split(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> parts;
  for (size_t at = text.find_first_not_of(separators); at != std::string_view::npos;
       at = text.find_first_not_of(separators, at)) {
    const size_t end = std::min(text.find_first_of(separators, at), text.size());
    parts.push_back(text.substr(at, end - at));
    at = end;
  }
  return parts;
}

/// One or more words in a row.
struct Phrase {
  Words words;
  bool prefix = false;  ///< the last word may go on

  /// How many words at `at` are this phrase, 0 for none.
  size_t match(const Words& text, size_t at) const {
    if (at + words.size() > text.size()) return 0;
    for (size_t i = 0; i < words.size(); ++i) {
      const bool open = prefix && i + 1 == words.size();
      if (open ? !text[at + i].starts_with(words[i]) : text[at + i] != words[i]) return 0;
    }
    return words.size();
  }
};

/// One place of a pattern.
struct Element {
  enum class Kind { kWords, kGap, kBegin, kEnd };
  Kind kind = Kind::kWords;
  std::vector<Phrase> phrases;
  std::vector<const std::set<std::string>*> sets;
  bool optional = false;
  bool negated = false;

  /// How many words at `at` this is, 0 for none.
  size_t width(const Words& text, size_t at) const {
    for (const auto* set : sets) {
      if (at < text.size() && set->count(text[at]) != 0) return 1;
    }
    for (const Phrase& phrase : phrases) {
      if (const size_t width = phrase.match(text, at); width > 0) return width;
    }
    return 0;
  }
};

using Pattern = std::vector<Element>;

/// Whether the elements from `first` on stand in `text` from `at` on.
bool matches(const Pattern& pattern, size_t first, const Words& text, size_t at) {
  if (first == pattern.size()) return true;
  const Element& element = pattern[first];
  switch (element.kind) {
    case Element::Kind::kBegin:
      return at == 0 && matches(pattern, first + 1, text, at);
    case Element::Kind::kEnd:
      return at == text.size() && matches(pattern, first + 1, text, at);
    case Element::Kind::kGap:
      for (size_t next = at; next <= text.size(); ++next) {
        if (matches(pattern, first + 1, text, next)) return true;
      }
      return false;
    default:
      break;
  }
  const size_t width = element.width(text, at);
  if (element.negated) return width == 0 && matches(pattern, first + 1, text, at);
  if (width > 0 && matches(pattern, first + 1, text, at + width)) return true;
  return element.optional && matches(pattern, first + 1, text, at);
}

/// The patterns of one language.
struct Language {
  std::string_view name;
  std::set<std::string> parts, visuals, modifiers;
  std::vector<Pattern> patterns;

  const std::set<std::string>* set(std::string_view called) const {
    if (called == "@parts") return &parts;
    if (called == "@visuals") return &visuals;
    RECTO_CHECK(called == "@modifiers");
    return &modifiers;
  }
};

Words folded(WordTokenizer& tokenizer, std::string_view text) {
  std::string spaced(text);
  std::replace(spaced.begin(), spaced.end(), '_', ' ');
  return tokenizer.words(spaced);
}

std::set<std::string> word_set(WordTokenizer& tokenizer, std::string_view text) {
  const Words words = tokenizer.words(text);
  return {words.begin(), words.end()};
}

Element read_element(WordTokenizer& tokenizer, std::string_view text, const Language& language) {
  Element element;
  if (text == "...") element.kind = Element::Kind::kGap;
  if (text == "^") element.kind = Element::Kind::kBegin;
  if (text == "$") element.kind = Element::Kind::kEnd;
  if (element.kind != Element::Kind::kWords) return element;
  element.negated = text.starts_with('!');
  if (element.negated) text.remove_prefix(1);
  element.optional = text.ends_with('?');
  if (element.optional) text.remove_suffix(1);
  for (const std::string_view alternative : split(text, "|")) {
    if (alternative.starts_with('@')) {
      element.sets.push_back(language.set(alternative));
    } else {
      element.phrases.push_back({folded(tokenizer, alternative), alternative.ends_with('*')});
      RECTO_CHECK(!element.phrases.back().words.empty());
    }
  }
  return element;
}

}  // namespace

struct DeixisFinder::State {
  std::vector<std::unique_ptr<Language>> languages;  ///< patterns point into their sets
};

DeixisFinder::DeixisFinder(WordTokenizer& tokenizer) : state_(std::make_unique<State>()) {
  for (const DeixisList& list : deixis_lists()) {
    auto language = std::make_unique<Language>();
    language->name = list.language;
    language->visuals = word_set(tokenizer, list.visuals);
    language->parts = word_set(tokenizer, list.parts);
    language->parts.insert(language->visuals.begin(), language->visuals.end());
    language->modifiers = word_set(tokenizer, list.modifiers);
    for (const std::string_view text : list.patterns) {
      Pattern pattern;
      for (const std::string_view element : split(text, " \n")) {
        pattern.push_back(read_element(tokenizer, element, *language));
      }
      language->patterns.push_back(std::move(pattern));
    }
    state_->languages.push_back(std::move(language));
  }
}

DeixisFinder::~DeixisFinder() = default;

std::string_view DeixisFinder::find(const std::vector<std::string>& words) const {
  for (const auto& language : state_->languages) {
    for (const Pattern& pattern : language->patterns) {
      for (size_t at = 0; at < words.size(); ++at) {
        if (matches(pattern, 0, words, at)) return language->name;
      }
    }
  }
  return {};
}

}  // namespace recto
