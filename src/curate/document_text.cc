#include "curate/document_text.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "curate/text_lines.h"

namespace recto {

namespace {

constexpr size_t kMaxPageBytes = 256 << 10;
constexpr size_t kMaxPageLines = 2000;
constexpr size_t kMaxPrintedDigits = 5;
constexpr int kMinPrintedNumbers = 4;
/// Of the pages, in percent, that must agree on where counting begins.
constexpr int kMinPrintedShare = 50;

std::optional<int> whole_number(std::string_view word) {
  int value = 0;
  if (word.empty() || word.size() > kMaxPrintedDigits) return std::nullopt;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return value;
}

/// The numbers at both ends of a line ("17", "Chapter 2 17", "17 GNU Octave").
void numbers_at_ends(const std::string& line, std::vector<int>& numbers) {
  const size_t first = line.find(' ');
  const size_t last = line.rfind(' ');
  if (const auto number = whole_number(std::string_view(line).substr(0, first))) {
    numbers.push_back(*number);
  }
  if (last == std::string::npos) return;
  if (const auto number = whole_number(std::string_view(line).substr(last + 1))) {
    numbers.push_back(*number);
  }
}

}  // namespace

DocumentText::DocumentText(const CuratedDocument& document) : document_(document) {}

std::string_view DocumentText::text_of(const CuratedPage& page) const {
  std::string_view text = page.text;
  if (text.size() <= kMaxPageBytes) return text;
  size_t end = kMaxPageBytes;
  while ((static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;  // within a character
  return text.substr(0, end);
}

const FoldedText& DocumentText::folded(int number) {
  const auto found = folded_.find(number);
  if (found != folded_.end()) return found->second;
  const CuratedPage* page = document_.page(number);
  return folded_[number] = page == nullptr ? FoldedText() : fold(text_of(*page));
}

const std::vector<std::string>& DocumentText::lines(int number) {
  const auto found = lines_.find(number);
  if (found != lines_.end()) return found->second;
  std::vector<std::string>& lines = lines_[number];
  if (const CuratedPage* page = document_.page(number)) lines = split_lines(text_of(*page));
  if (lines.size() > kMaxPageLines) lines.resize(kMaxPageLines);
  return lines;
}

void DocumentText::index_words() {
  if (words_indexed_) return;
  words_indexed_ = true;
  for (const CuratedPage& page : document_.pages) {
    tokenizer_.for_each(spell_out_ligatures(text_of(page)), [&](std::string_view word) {
      std::vector<int>& pages = postings_[std::string(word)];
      if (pages.empty() || pages.back() != page.number) pages.push_back(page.number);
      return true;
    });
  }
}

const std::vector<int>& DocumentText::pages_with_word(const std::string& word) {
  static const std::vector<int> kNone;
  index_words();
  const auto found = postings_.find(word);
  return found == postings_.end() ? kNone : found->second;
}

std::vector<int> DocumentText::pages_with(std::string_view text, size_t limit) {
  const std::vector<int>* rarest = nullptr;
  for (const std::string& word : tokenizer_.words(spell_out_ligatures(text))) {
    const std::vector<int>& pages = pages_with_word(word);
    if (rarest == nullptr || pages.size() < rarest->size()) rarest = &pages;
  }
  std::vector<int> found;
  if (rarest == nullptr) return found;
  const FoldedText part = fold(text);
  for (const int page : *rarest) {
    if (found.size() == limit) break;
    if (folded(page).contains(part)) found.push_back(page);
  }
  return found;
}

bool DocumentText::find_printed_offset(int& offset) {
  std::map<int, int> votes;
  for (const CuratedPage& page : document_.pages) {
    const std::vector<std::string>& lines = this->lines(page.number);
    if (lines.empty()) continue;
    std::vector<int> numbers;
    numbers_at_ends(lines.front(), numbers);
    numbers_at_ends(lines.back(), numbers);
    std::sort(numbers.begin(), numbers.end());
    numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
    for (const int number : numbers) ++votes[page.number - number];
  }
  const auto most = std::max_element(
      votes.begin(), votes.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  if (most == votes.end() || most->second < kMinPrintedNumbers ||
      most->second * 100 < std::ssize(document_.pages) * kMinPrintedShare) {
    return false;
  }
  offset = most->first;
  return true;
}

void DocumentText::index_labels() {
  if (labels_indexed_) return;
  labels_indexed_ = true;
  for (const CuratedPage& page : document_.pages) {
    if (page.label.empty()) continue;
    const auto [place, added] = labels_.emplace(page.label, page.number);
    if (!added) place->second = 0;
  }
  const bool labelled = !labels_.empty();
  int offset = 0;
  const bool printed = find_printed_offset(offset);
  if (labelled && !printed) return;
  for (const CuratedPage& page : document_.pages) {
    const int number = page.number - offset;
    if (number >= 1) labels_[std::to_string(number)] = page.number;
  }
}

int DocumentText::page_labelled(const std::string& label) {
  index_labels();
  const auto found = labels_.find(label);
  return found == labels_.end() ? 0 : found->second;
}

}  // namespace recto
