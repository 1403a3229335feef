#include "curate/sentences.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/utf8.h"
#include "curate/text_lines.h"

namespace recto {

namespace {

constexpr size_t kShortPercent = 60;

const std::set<std::string_view>& abbreviations() {
  static const std::set<std::string_view> words = {
      "e.g.",  "i.e.", "etc.",  "cf.",  "vs.",    "no.",   "nr.",  "fig.",  "tab.",  "eq.",
      "vol.",  "pp.",  "p.",    "ed.",  "al.",    "mr.",   "mrs.", "dr.",   "prof.", "st.",
      "inc.",  "ltd.", "bzw.",  "z.b.", "d.h.",   "u.a.",  "usw.", "ca.",   "vgl.",  "abb.",
      "evtl.", "ggf.", "p.ej.", "ej.",  "ex.",    "par.",  "ecc.", "es.",   "tzn.",  "np.",
      "itp.",  "itd.", "bijv.", "enz.", "m.b.v.", "resp.", "sec.", "chap.", "dept.", "approx."};
  return words;
}

/// Ends a sentence, for one that another word follows.
bool is_end(std::string_view word) {
  for (const std::string_view end : {"。", "？", "！", "?", "!"}) {
    if (word.ends_with(end)) return true;
  }
  if (!word.ends_with('.') || word.ends_with("..")) return false;
  const std::string small = lower_case(word);
  return word.size() > 2 && abbreviations().count(small) == 0;
}

/// A space behind the East Asian marks that end sentences, where it is not customary.
std::string with_spaces(const std::string& line) {
  std::string out;
  for (size_t at = 0; at < line.size();) {
    const size_t start = at;
    const char32_t c = decode_utf8(line, at);
    out.append(line, start, at - start);
    if (c == U'。' || c == U'！' || c == U'？') out += ' ';
  }
  return fold_spaces(out);
}

class SentenceSplitter {
 public:
  void add_line(const std::string& line) {
    for (size_t at = 0; at < line.size();) {
      const size_t end = std::min(line.find(' ', at), line.size());
      add_word(std::string_view(line).substr(at, end - at));
      at = end + 1;
    }
  }

  void end_paragraph() {
    current_.clear();
    whole_ = true;
  }

  std::vector<std::string> take() { return std::move(sentences_); }

 private:
  void add_word(std::string_view word) {
    if (current_.empty())
      whole_ = whole_ && begins_sentence(word) && !word.starts_with("(") && !word.starts_with("（");
    // Between East Asian characters a line's end is no space.
    const bool joined = current_.empty() || (static_cast<unsigned char>(current_.back()) > 0x7F &&
                                             static_cast<unsigned char>(word.front()) >= 0xE2);
    if (!joined) current_ += ' ';
    current_ += word;
    if (!is_end(word)) return;
    if (whole_ && (current_.ends_with('.') || current_.ends_with("。"))) {
      sentences_.push_back(current_);
    }
    end_paragraph();
  }

  std::string current_;
  bool whole_ = true;  // it begins where a sentence may
  std::vector<std::string> sentences_;
};

}  // namespace

std::vector<std::string> split_sentences(const std::vector<std::string>& lines) {
  const size_t long_size = long_line(lines);
  SentenceSplitter splitter;
  for (const std::string& line : lines) {
    splitter.add_line(with_spaces(line));
    if (line.size() * 100 < long_size * kShortPercent) splitter.end_paragraph();
  }
  return splitter.take();
}

}  // namespace recto
