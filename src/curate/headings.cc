#include "curate/headings.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <utility>

#include "base/error.h"

namespace recto {

namespace {

constexpr const char* kStage = "heading";
constexpr int kMinLetters = 6;
constexpr int kMinLettersOfOneWord = 12;
constexpr size_t kMinBytesBelow = 400;
/// Of a heading whose words stand on the page before, too: the last time may be a mention.
constexpr size_t kMinBytesBelowLast = 150;

/// Words that stand before the number of a chapter, in lower case.
constexpr std::array<std::string_view, 38> kChapterWords = {
    "chapter",  "appendix", "section", "part",      "kapitel",  "anhang",    "abschnitt",
    "teil",     "chapitre", "annexe",  "partie",    "capítulo", "capitulo",  "apéndice",
    "apêndice", "sección",  "secção",  "parte",     "capitolo", "appendice", "sezione",
    "rozdział", "dodatek",  "część",   "hoofdstuk", "bijlage",  "deel",      "paragraaf",
    "step",     "schritt",  "étape",   "Étape",     "paso",     "passo",     "stap",
    "krok",     "ステップ", "步骤"};

std::vector<std::string_view> split_words(std::string_view text) {
  std::vector<std::string_view> words;
  for (size_t at = text.find_first_not_of(" \t\r\n\f\v"); at != std::string_view::npos;
       at = text.find_first_not_of(" \t\r\n\f\v", at)) {
    const size_t end = std::min(text.find_first_of(" \t\r\n\f\v", at), text.size());
    words.push_back(text.substr(at, end - at));
    at = end;
  }
  return words;
}

std::string ascii_lower(std::string_view word) {
  std::string out(word);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

bool is_roman(std::string_view word) {
  return !word.empty() && word.find_first_not_of("IVXLC") == std::string_view::npos;
}

/// "1", "1.2.3", "4)", "A.1", "(2)", "II." and "§7", but not "3D", "A" or "I".
bool is_number(std::string_view word) {
  if (word.starts_with("§")) word.remove_prefix(2);  // two bytes of UTF-8
  if (word.starts_with("(")) word.remove_prefix(1);
  const size_t bare = word.find_last_not_of(".:)") + 1;
  const bool marked = bare < word.size();
  word = word.substr(0, bare);
  if (marked && is_roman(word)) return true;
  bool digits = false;
  bool separated = false;
  for (size_t i = 0; i < word.size(); ++i) {
    const auto c = static_cast<unsigned char>(word[i]);
    if (std::isdigit(c)) {
      digits = true;
    } else if (c == '.' || c == '-') {
      separated = true;
    } else if (!(i == 0 && std::isupper(c))) {
      return false;
    }
  }
  // One capital letter numbers an appendix when something shows that it does.
  const bool letter = !word.empty() && std::isupper(static_cast<unsigned char>(word[0]));
  return letter ? (separated && digits) || (marked && word.size() == 1) : digits;
}

/// What stands after "Chapter": any number, roman numeral or letter.
bool is_chapter_number(std::string_view word) {
  word = word.substr(0, word.find_last_not_of(".:)") + 1);
  return is_number(word) || is_roman(word) ||
         (word.size() == 1 && std::isupper(static_cast<unsigned char>(word[0])));
}

bool take(std::string_view& text, std::initializer_list<std::string_view> any) {
  for (const std::string_view one : any) {
    if (!text.starts_with(one)) continue;
    text.remove_prefix(one.size());
    return true;
  }
  return false;
}

/// "第8章 結論", "第 3 节结论", "ステップ1：結論" without the number; other titles as they are.
std::string_view strip_east_asian_number(std::string_view title) {
  std::string_view rest = title;
  const bool ordinal = take(rest, {"第"});
  if (!ordinal && !take(rest, {"ステップ", "步骤", "步驟"})) return title;
  const auto skip = [&](std::initializer_list<std::string_view> any) {
    bool some = false;
    while (take(rest, any)) some = true;
    return some;
  };
  skip({" "});
  const bool number = skip({"0",  "1",  "2",  "3",  "4",  "5",  "6",  "7",  "8",  "9",
                            "一", "二", "三", "四", "五", "六", "七", "八", "九", "十"});
  skip({" "});
  if (!number || (ordinal && !take(rest, {"章", "节", "節", "部", "編", "篇", "課", "课", "回"}))) {
    return title;
  }
  skip({" ", ":", "：", ".", "、"});
  return rest;
}

bool is_dash(std::string_view word) {
  return word == "-" || word == "–" || word == "—" || word == ":" || word == "." || word == "|";
}

/// Why a heading cannot be a query whatever page it is on, or nothing.
struct Refusal {
  const char* reason = nullptr;
  double score = 0;
  double threshold = 0;
};

Refusal refuse(const OutlineEntry& entry, int page_count, const FoldedText& words) {
  if (entry.page < 1 || entry.page > page_count) return {"leads nowhere"};
  return words.letters() == 0 ? Refusal{"no letters"} : Refusal{};
}

Refusal refuse_short(const FoldedText& words) {
  const int letters = words.letters();
  if (letters < kMinLetters) return {"short", double(letters), double(kMinLetters)};
  if (words.words() == 1 && letters < kMinLettersOfOneWord) {
    return {"short: one word", double(letters), double(kMinLettersOfOneWord)};
  }
  return {};
}

/// The page that has the words: the one the outline names, the next, or the one before.
std::optional<int> find_page(const FoldedText& words, int page, int page_count,
                             const PageWords& page_words) {
  for (const int candidate : {page, page + 1, page - 1}) {
    if (candidate < 1 || candidate > page_count) continue;
    if (page_words(candidate).contains(words)) return candidate;
  }
  return std::nullopt;
}

}  // namespace

std::string strip_numbering(std::string_view title) {
  title = strip_east_asian_number(title);
  const auto words = split_words(title);
  size_t first = 0;
  if (words.size() > 1 && is_chapter_number(words[1]) &&
      std::find(kChapterWords.begin(), kChapterWords.end(), ascii_lower(words[0])) !=
          kChapterWords.end()) {
    first = 2;
  } else if (!words.empty() && is_number(words[0])) {
    first = 1;
  }
  if (first > 0) {
    while (first < words.size() && is_dash(words[first])) ++first;
  }
  std::string out;
  for (size_t i = first; i < words.size(); ++i) {
    if (!out.empty()) out += ' ';
    out += words[i];
  }
  return out;
}

bool begins_at_page_end(const FoldedText& heading, const FoldedText& page) {
  const size_t place = page.joined().rfind(heading.joined());
  if (heading.empty() || place == std::string::npos) return false;
  const size_t end = place + heading.joined().size();
  const bool once = page.joined().find(heading.joined()) == place;
  return place * 2 > page.joined().size() &&
         page.joined().size() - end < (once ? kMinBytesBelow : kMinBytesBelowLast);
}

PageRange pages_above(const std::vector<OutlinePlace>& outline, size_t entry) {
  size_t above = entry;
  while (above > 0 && outline[above].level >= outline[entry].level) --above;
  PageRange pages;
  if (outline[above].level >= outline[entry].level) return pages;
  pages.first = std::max(pages.first, outline[above].page);
  for (size_t next = entry + 1; next < outline.size(); ++next) {
    if (outline[next].level > outline[above].level || outline[next].page < pages.first) continue;
    pages.last = outline[next].page;
    break;
  }
  return pages;
}

std::vector<Heading> find_headings(const std::string& document_id,
                                   const std::vector<OutlineEntry>& outline, int page_count,
                                   WordTokenizer& tokenizer, const PageWords& page_words,
                                   Audit& audit, ShortHeadings short_headings) {
  std::vector<Heading> headings;
  for (size_t i = 0; i < outline.size(); ++i) {
    const OutlineEntry& entry = outline[i];
    const std::string item = fmt::format("{}#outline-{}", document_id, i + 1);
    Heading heading;
    heading.query = strip_numbering(spell_out_ligatures(entry.title));
    const FoldedText words(tokenizer, heading.query);
    heading.folded = words.joined();
    heading.level = entry.level;
    heading.entry = static_cast<int>(i);
    const Refusal too_short = refuse_short(words);
    heading.is_short = too_short.reason != nullptr;
    Refusal refusal = refuse(entry, page_count, words);
    if (refusal.reason == nullptr && short_headings == ShortHeadings::kDrop) refusal = too_short;
    if (refusal.reason != nullptr) {
      audit.drop(item, kStage, refusal.reason, refusal.score, refusal.threshold);
      continue;
    }
    const auto page = find_page(words, entry.page, page_count, page_words);
    if (!page) {
      audit.drop(item, kStage, "not on the page it leads to nor beside it");
      continue;
    }
    heading.page = *page;
    headings.push_back(std::move(heading));
  }
  return headings;
}

}  // namespace recto
