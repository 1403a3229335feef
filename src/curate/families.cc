#include "curate/families.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <numeric>
#include <set>

#include "curate/folded_text.h"
#include "data/group_names.h"

namespace recto {
namespace fs = std::filesystem;

namespace {

constexpr int kMinTitleLetters = 6;

/// ISO 639-1, and the three-letter codes and names seen in file names.
const std::set<std::string_view>& languages() {
  static const std::set<std::string_view> codes = {
      "af",     "am",      "ar",      "as",       "ast",     "az",      "be",       "bg",
      "bn",     "bo",      "br",      "bs",       "ca",      "cs",      "cy",       "da",
      "de",     "deu",     "el",      "en",       "eng",     "eo",      "es",       "esp",
      "et",     "eu",      "fa",      "fi",       "fr",      "fra",     "ga",       "gl",
      "gu",     "he",      "hi",      "hr",       "hu",      "hy",      "id",       "is",
      "it",     "ita",     "ja",      "jpn",      "ka",      "kk",      "km",       "kn",
      "ko",     "ku",      "ky",      "lo",       "lt",      "lv",      "mk",       "ml",
      "mn",     "mr",      "ms",      "mt",       "my",      "nb",      "ne",       "nl",
      "nn",     "no",      "or",      "pa",       "pl",      "ps",      "pt",       "ro",
      "ru",     "rus",     "sa",      "sd",       "si",      "sk",      "sl",       "sq",
      "sr",     "sv",      "sw",      "ta",       "te",      "tg",      "th",       "tl",
      "tr",     "tt",      "ug",      "uk",       "ur",      "uz",      "vi",       "yi",
      "zh",     "zu",      "english", "german",   "french",  "spanish", "italian",  "portuguese",
      "polish", "russian", "dutch",   "japanese", "chinese", "deutsch", "francais", "espanol"};
  return codes;
}

/// Regions and scripts that follow a language.
const std::set<std::string_view>& regions() {
  static const std::set<std::string_view> codes = {
      "br", "pt", "cn", "tw", "hk", "us", "gb",   "uk",   "ca",   "au",  "de",
      "at", "ch", "fr", "es", "mx", "ar", "hans", "hant", "latn", "cyrl"};
  return codes;
}

/// Names of files that say what kind of document it is, not which.
const std::set<std::string_view>& common_names() {
  static const std::set<std::string_view> names = {
      "manual",    "guide",     "userguide", "user-guide", "user-manual", "usermanual", "index",
      "reference", "refman",    "install",   "readme",     "book",        "doc",        "docs",
      "main",      "paper",     "report",    "tutorial",   "handbook",    "article",    "slides",
      "faq",       "help",      "intro",     "document",   "all",         "output",     "scan",
      "notes",     "changelog", "user",      "developer",  "admin",       "api",        "test"};
  return names;
}

std::string ascii_lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

/// Takes "SEPARATOR + token" off the end of `name` when the token is one of `codes`.
bool strip_suffix(std::string& name, const std::set<std::string_view>& codes) {
  const size_t separator = name.find_last_of("._-@ ");
  if (separator == std::string::npos || separator == 0) return false;
  if (codes.count(std::string_view(name).substr(separator + 1)) == 0) return false;
  name.resize(separator);
  return true;
}

/// "x-pt-br" -> "x", "x.de" -> "x"; a region goes only with a language before it.
std::string without_language(std::string name) {
  std::string shorter = name;
  if (strip_suffix(shorter, regions()) && strip_suffix(shorter, languages())) return shorter;
  strip_suffix(name, languages());
  return name;
}

std::string fold_space(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool space = std::isspace(static_cast<unsigned char>(c)) != 0;
    if (!space) out += c;
    if (space && !out.empty() && out.back() != ' ') out += ' ';
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

}  // namespace

std::string name_key(const fs::path& path) {
  std::string stem = without_language(ascii_lower(path.stem().string()));
  if (common_names().count(stem) == 0) return stem;
  const std::string folder = fs::absolute(path).parent_path().filename().string();
  return without_language(ascii_lower(folder)) + "/" + stem;
}

std::string title_key(std::string_view title) {
  static const std::set<std::string_view> kEmptyTitles = {
      "untitled",  "untitled document",      "untitled-1", "document",
      "document1", "microsoft word",         "title",      "no title",
      "slide 1",   "powerpoint presentation"};
  WordTokenizer tokenizer;
  const FoldedText folded(tokenizer, title);
  std::string key = ascii_lower(fold_space(title));
  if (folded.letters() < kMinTitleLetters || kEmptyTitles.count(key) != 0 ||
      common_names().count(key) != 0 || key.starts_with("microsoft word - document")) {
    return {};
  }
  return key;
}

UnionFind::UnionFind(size_t count) : parent_(count) {
  std::iota(parent_.begin(), parent_.end(), size_t{0});
}

size_t UnionFind::root(size_t item) {
  while (parent_[item] != item) {
    parent_[item] = parent_[parent_[item]];
    item = parent_[item];
  }
  return item;
}

void UnionFind::join(size_t a, size_t b) { parent_[root(a)] = root(b); }

std::vector<std::string> find_families(const std::vector<FamilyMember>& members,
                                       const std::vector<std::pair<size_t, size_t>>& links) {
  UnionFind groups(members.size());
  std::map<std::string, size_t> first;
  const auto join_equal = [&](const std::string& key, size_t member) {
    const auto [found, added] = first.emplace(key, member);
    if (!added) groups.join(found->second, member);
  };
  for (size_t i = 0; i < members.size(); ++i) {
    const FamilyMember& member = members[i];
    const std::string title = title_key(member.title);
    if (!title.empty()) join_equal("title " + title, i);
    if (member.is_image) {
      join_equal("folder " + fs::absolute(member.path).parent_path().string(), i);
    } else {
      join_equal("name " + name_key(member.path), i);
    }
  }
  for (const auto& [a, b] : links) groups.join(a, b);

  std::map<size_t, std::string> smallest;
  for (size_t i = 0; i < members.size(); ++i) {
    const auto [found, added] = smallest.emplace(groups.root(i), members[i].document_id);
    if (!added) found->second = std::min(found->second, members[i].document_id);
  }
  std::vector<std::string> families;
  families.reserve(members.size());
  for (size_t i = 0; i < members.size(); ++i) {
    families.push_back(family_name(smallest.at(groups.root(i))));
  }
  return families;
}

}  // namespace recto
