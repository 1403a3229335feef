#include "curate/sentences.h"

#include <algorithm>
#include <set>

#include "curate/text_lines.h"

namespace recto {

namespace {

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
  if (word.ends_with("。") || word.ends_with("?") || word.ends_with("!")) return true;
  if (!word.ends_with('.') || word.ends_with("..")) return false;
  const std::string small = lower_case(word);
  return word.size() > 2 && abbreviations().count(small) == 0;
}

}  // namespace

std::vector<std::string> split_sentences(std::string_view text) {
  std::vector<std::string> sentences;
  std::string current;
  bool whole = true;  // it begins where a sentence may
  const std::string line = fold_spaces(text);
  for (size_t at = 0; at < line.size();) {
    const size_t end = std::min(line.find(' ', at), line.size());
    const std::string_view word = std::string_view(line).substr(at, end - at);
    if (current.empty()) whole = whole && begins_sentence(word);
    current += (current.empty() ? "" : " ") + std::string(word);
    if (is_end(word)) {
      if (whole && current.ends_with('.')) sentences.push_back(current);
      current.clear();
      whole = true;
    }
    at = end + 1;
  }
  return sentences;
}

}  // namespace recto
