#include "curate/numbered_references.h"

#include <algorithm>
#include <cctype>
#include <set>
#include <vector>

#include "base/utf8.h"
#include "curate/query_text.h"

namespace recto {

namespace {

/// Whole words, as WordTokenizer folds them.
const std::set<std::string_view> kNames = {
    // en, and what other languages write alike
    "figure", "figures", "fig", "figs", "table", "tables", "page", "pages", "diagram", "chart",
    "plate", "equation", "eq", "listing", "illustration", "image", "graph", "exhibit",
    // fr
    "tableau", "tableaux", "graphique", "diagramme", "planche",
    // de
    "abbildung", "abbildungen", "abb", "bild", "tabelle", "tabellen", "seite", "seiten", "diagramm",
    "gleichung", "grafik",
    // es, it, pt
    "figura", "figuras", "figure", "tabla", "tablas", "tabella", "tabelle", "tabela", "tabelas",
    "cuadro", "quadro", "pagina", "paginas", "pagine", "grafico", "ilustracion", "immagine",
    "equazione", "ecuacion", "equacao", "imagen", "imagem", "esquema",
    // nl
    "figuur", "afbeelding", "tabel", "bladzijde", "bladzijden", "vergelijking",
    // pl
    "rysunek", "rysunku", "rycina", "rycinie", "tabeli", "strona", "strony", "stronie", "wykres",
    "rownanie", "schemat"};

/// Short forms that are words of their own unless a full stop or nothing follows.
const std::set<std::string_view> kDotted = {"p",   "pp",  "pg",  "pag",   "s",   "str",
                                            "rys", "ryc", "abb", "blz",   "afb", "tab",
                                            "eq",  "gl",  "tav", "ilustr"};

/// "n", "no", "nr", "number" may stand between: "Figure no. 3", "Tabelle Nr. 2", "tableau n° 4".
const std::set<std::string_view> kNumberWords = {"n", "no", "nr", "num", "number", "numero"};

bool is_digits(std::string_view word) {
  return !word.empty() && std::isdigit(static_cast<unsigned char>(word[0])) != 0;
}

bool is_roman(std::string_view word) {
  return word.size() >= 2 && word.find_first_not_of("IVXL") == std::string_view::npos;
}

bool only(std::string_view separator, std::string_view characters) {
  return separator.find_first_not_of(characters) == std::string_view::npos;
}

/// Whether words[i] is a number, perhaps with a letter before it ("A-3", "B.2").
bool is_number(const std::vector<QueryWord>& words, size_t i) {
  const std::string_view word = words[i].text;
  if (is_digits(word) || is_roman(word)) return true;
  const bool letter = word.size() == 1 && std::isupper(static_cast<unsigned char>(word[0])) != 0;
  return letter && i + 1 < words.size() &&
         (words[i + 1].before == "-" || words[i + 1].before == ".") && is_digits(words[i + 1].text);
}

std::string folded(WordTokenizer& tokenizer, std::string_view word) {
  std::string out;
  tokenizer.for_each(word, [&](std::string_view part) {
    out += part;
    return true;
  });
  return out;
}

/// "図3", "第12页": one of the characters directly before or after digits.
std::string east_asian_reference(std::string_view text) {
  for (const std::string_view name :
       {"図", "圖", "图", "表", "圖表", "图表", "그림 ", "표 ", "그림", "페이지 "}) {
    for (size_t at = text.find(name); at != std::string_view::npos; at = text.find(name, at + 1)) {
      size_t number = at + name.size();
      while (number < text.size() && text[number] == ' ') ++number;
      if (number < text.size() && is_digits(text.substr(number))) {
        return std::string(text.substr(at, number + 1 - at));
      }
    }
  }
  for (const std::string_view name : {"ページ", "頁", "页", "페이지"}) {
    const size_t at = text.find(name);
    if (at != std::string_view::npos && at > 0 && is_digits(text.substr(at - 1))) {
      return std::string(text.substr(at - 1, name.size() + 1));
    }
  }
  return {};
}

}  // namespace

std::string numbered_reference(WordTokenizer& tokenizer, std::string_view text) {
  const std::vector<QueryWord> words = query_words(text);
  for (size_t i = 0; i + 1 < words.size(); ++i) {
    const std::string name = folded(tokenizer, words[i].text);
    size_t number = i + 1;
    if (number + 1 < words.size() &&
        kNumberWords.count(folded(tokenizer, words[number].text)) != 0 &&
        only(words[number + 1].before, " .°º:")) {
      ++number;
    }
    if (!is_number(words, number)) continue;
    const std::string_view between = words[i + 1].before;
    const bool whole = kNames.count(name) != 0 && only(between, " .:(#");
    const bool dotted = kDotted.count(name) != 0 && between.starts_with('.') && only(between, ". ");
    if (whole || dotted) {
      const auto place = [&](size_t word) {
        return static_cast<size_t>(&words[word].text.front() - &text.front());
      };
      return std::string(
          text.substr(place(i), place(number) + words[number].text.size() - place(i)));
    }
  }
  return east_asian_reference(text);
}

}  // namespace recto
