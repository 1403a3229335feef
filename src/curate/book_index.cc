#include "curate/book_index.h"

#include <algorithm>
#include <cctype>
#include <set>

#include "curate/headings.h"
#include "curate/text_lines.h"

namespace recto {

namespace {

constexpr size_t kHeadLines = 4;
constexpr size_t kMaxHeadBytes = 80;
constexpr size_t kMaxHeadWords = 8;
constexpr int kMinEntries = 8;
constexpr int kMinEntryPercent = 50;
/// Of the entries, in percent, in the order of the alphabet: a list of contents has fewer.
constexpr int kMinOrderedPercent = 55;
constexpr size_t kMaxLabelDigits = 4;
/// A line as long as that without a number goes on in the next.
constexpr size_t kWrappedBytes = 24;
constexpr size_t kMaxEntryBytes = 300;

const std::set<std::string>& index_words() {
  static const std::set<std::string> words = {"index",
                                              "indexes",
                                              "indeks",
                                              "skorowidz",
                                              "stichwortverzeichnis",
                                              "sachregister",
                                              "sachverzeichnis",
                                              "register",
                                              "indice",
                                              "índice",
                                              "remissivo",
                                              "analitico",
                                              "trefwoordenregister",
                                              "указатель",
                                              "索引",
                                              "rejstřik"};
  return words;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Takes one separator off the end: white space, a comma, a leader's dot.
bool strip_separator(std::string_view& text) {
  for (const std::string_view mark : {" ", ",", ".", ";", "…", "·", "\t"}) {
    if (!text.ends_with(mark)) continue;
    text.remove_suffix(mark.size());
    return true;
  }
  return false;
}

bool strip_range_dash(std::string_view& text) {
  for (const std::string_view dash : {"–", "—", "-", "‑"}) {
    if (!text.ends_with(dash)) continue;
    text.remove_suffix(dash.size());
    return true;
  }
  return false;
}

/// Takes "12", "45–47" or "45ff." off the end; false when there is none.
bool take_locator(std::string_view& text, std::string& label) {
  std::string_view rest = text;
  if (rest.ends_with("ff")) rest.remove_suffix(2);
  const auto take_number = [&] {
    size_t start = rest.size();
    while (start > 0 && is_digit(rest[start - 1])) --start;
    std::string number(rest.substr(start));
    rest = rest.substr(0, start);
    return number.size() <= kMaxLabelDigits ? number : std::string();
  };
  label = take_number();
  if (label.empty()) return false;
  std::string_view before = rest;
  if (strip_range_dash(rest)) {
    const std::string first = take_number();
    if (first.empty()) {
      rest = before;
    } else {
      label = first;
    }
  }
  // Digits in the middle of a word are none of ours.
  std::string_view check = rest;
  if (!check.empty() && !strip_separator(check)) return false;
  text = rest;
  return true;
}

bool has_letter(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    return std::isalpha(static_cast<unsigned char>(c)) != 0 || static_cast<unsigned char>(c) > 0x7F;
  });
}

/// True for a line that only goes on with what the line before began: ", 45" or "46, 47".
bool is_continuation(std::string_view line) {
  return line.front() == ',' || (!has_letter(line) && is_digit(line.front()));
}

/// Entries with terms and numbers that were divided over lines joined.
std::vector<IndexEntry> join_entries(const std::vector<std::string>& lines) {
  std::vector<IndexEntry> entries;
  std::string pending;
  const auto flush = [&] {
    IndexEntry entry = parse_index_entry(pending);
    if (!entry.labels.empty()) entries.push_back(std::move(entry));
    pending.clear();
  };
  for (const std::string& line : lines) {
    if (is_continuation(line)) {
      if (!pending.empty()) pending += ' ' + line;
      continue;
    }
    const bool open = !pending.empty() && parse_index_entry(pending).labels.empty();
    if (!open || pending.size() < kWrappedBytes || pending.size() > kMaxEntryBytes) flush();
    if (!pending.empty()) pending += ' ';
    pending += line;
  }
  flush();
  return entries;
}

/// Which of `keys` are in a longest chain that never descends.
std::vector<bool> longest_ascent(const std::vector<std::string>& keys) {
  std::vector<size_t> ends;  // the last of the best chain of each length
  std::vector<size_t> before(keys.size(), keys.size());
  for (size_t i = 0; i < keys.size(); ++i) {
    const auto place = std::upper_bound(ends.begin(), ends.end(), i,
                                        [&](size_t a, size_t b) { return keys[a] < keys[b]; });
    if (place != ends.begin()) before[i] = *std::prev(place);
    if (place == ends.end()) {
      ends.push_back(i);
    } else {
      *place = i;
    }
  }
  std::vector<bool> chosen(keys.size(), false);
  for (size_t i = ends.empty() ? keys.size() : ends.back(); i < keys.size(); i = before[i]) {
    chosen[i] = true;
  }
  return chosen;
}

}  // namespace

IndexEntry parse_index_entry(std::string_view line) {
  IndexEntry entry;
  std::string_view text = line;
  std::string label;
  while (strip_separator(text)) {
  }
  // Between two numbers stands a comma, and they ascend; others belong to the term.
  for (bool more = true; more;) {
    const std::string_view behind = text;
    if (!take_locator(text, label)) break;
    if (!entry.labels.empty() && std::stoi(label) >= std::stoi(entry.labels.back())) {
      text = behind;
      break;
    }
    entry.labels.push_back(label);
    const std::string_view before = text;
    while (strip_separator(text)) {
    }
    more = before.substr(text.size()).find_first_of(",;") != std::string_view::npos;
  }
  std::reverse(entry.labels.begin(), entry.labels.end());
  entry.term = fold_spaces(text);
  if (!has_letter(entry.term)) entry.labels.clear();
  return entry;
}

std::vector<IndexEntry> read_index_page(DocumentText& text, int page) {
  std::vector<IndexEntry> entries = join_entries(text.lines(page));
  std::vector<std::string> keys;
  keys.reserve(entries.size());
  for (const IndexEntry& entry : entries) keys.push_back(text.fold(entry.term).joined());
  const std::vector<bool> chosen = longest_ascent(keys);
  std::vector<IndexEntry> ordered;
  for (size_t i = 0; i < entries.size(); ++i) {
    if (chosen[i]) ordered.push_back(std::move(entries[i]));
  }
  return ordered;
}

std::vector<int> find_index_pages(DocumentText& text) {
  const CuratedDocument& document = text.document();
  const auto names_index = [&](const std::string& line) {
    if (line.size() > kMaxHeadBytes) return false;
    const std::vector<std::string> words = text.tokenizer().words(line);
    return words.size() <= kMaxHeadWords &&
           std::any_of(words.begin(), words.end(),
                       [](const std::string& word) { return index_words().count(word) != 0; });
  };
  std::set<int> starts;
  for (const OutlineEntry& entry : document.outline) {
    if (names_index(entry.title)) starts.insert(entry.page);
  }
  std::vector<int> pages;
  for (const CuratedPage& page : document.pages) {
    if (page.number * 2 <= document.page_count) continue;
    const std::vector<std::string>& lines = text.lines(page.number);
    const auto head = lines.begin() + std::min<int64_t>(kHeadLines, std::ssize(lines));
    const bool starts_here =
        starts.count(page.number) != 0 || std::any_of(lines.begin(), head, names_index);
    const bool goes_on = !pages.empty() && pages.back() == page.number - 1;
    if (!starts_here && !goes_on) continue;
    const auto entries = std::ssize(read_index_page(text, page.number));
    const auto all = std::ssize(join_entries(lines));
    const auto complete = std::count_if(lines.begin(), lines.end(), [](const std::string& line) {
      return !parse_index_entry(line).labels.empty() || is_continuation(line);
    });
    if (entries >= kMinEntries && entries * 100 >= all * kMinOrderedPercent &&
        complete * 100 >= std::ssize(lines) * kMinEntryPercent) {
      pages.push_back(page.number);
    }
  }
  return pages;
}

}  // namespace recto
