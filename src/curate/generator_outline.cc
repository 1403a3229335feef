// Headings of the outline as queries.

#include <set>

#include "curate/answer_language.h"
#include "curate/generator_context.h"

namespace recto {

namespace {

/// A heading of fewer words and letters also comes with what it stands under.
constexpr size_t kTellingWords = 5;  // of four characters or more
constexpr int kTellingLetters = 30;
constexpr int kEastAsianLetters = 36;            // twelve characters
constexpr unsigned char kFirstEastAsian = 0xE2;  // in UTF-8
constexpr size_t kMaxWords = 25;

/// Folded headings of pages that list what is elsewhere, and of what says nothing of the work.
const std::set<std::string_view>& lists_of_contents() {
  static const std::set<std::string_view> names = {"contents",
                                                   "tableofcontents",
                                                   "listoffigures",
                                                   "listoftables",
                                                   "index",
                                                   "inhalt",
                                                   "inhaltsverzeichnis",
                                                   "abbildungsverzeichnis",
                                                   "tabellenverzeichnis",
                                                   "stichwortverzeichnis",
                                                   "sachregister",
                                                   "tabledesmatieres",
                                                   "sommaire",
                                                   "listedesfigures",
                                                   "listedestableaux",
                                                   "tabledesfigures",
                                                   "indice",
                                                   "indicegeneral",
                                                   "indicedefiguras",
                                                   "indicedetablas",
                                                   "indicealfabetico",
                                                   "indiceanalitico",
                                                   "indicegenerale",
                                                   "elencodellefigure",
                                                   "elencodelletabelle",
                                                   "sumario",
                                                   "listadefiguras",
                                                   "listadetabelas",
                                                   "conteudo",
                                                   "indiceremissivo",
                                                   "inhoudsopgave",
                                                   "lijstvanfiguren",
                                                   "lijstvantabellen",
                                                   "spistresci",
                                                   "spisrysunkow",
                                                   "spistabel",
                                                   "spistablic",
                                                   "indeks",
                                                   "skorowidz",
                                                   "appendix",
                                                   "appendices",
                                                   "anhang",
                                                   "anhange",
                                                   "annexe",
                                                   "annexes",
                                                   "apendice",
                                                   "apendices",
                                                   "appendice",
                                                   "appendici",
                                                   "bijlage",
                                                   "bijlagen",
                                                   "dodatek",
                                                   "dodatki",
                                                   "titlepage",
                                                   "copyright",
                                                   "cover",
                                                   "halftitle",
                                                   "colophon",
                                                   "impressum",
                                                   "содержание",
                                                   "оглавление",
                                                   "目次",
                                                   "索引",
                                                   "目录",
                                                   "目錄"};
  return names;
}

/// Folded headings that say nothing without what they stand under.
const std::set<std::string_view>& introductions() {
  static const std::set<std::string_view> names = {
      "introduction", "preface",      "foreword",  "einleitung", "einfuhrung",   "vorwort",
      "avantpropos",  "introduccion", "prefacio",  "prologo",    "introduzione", "prefazione",
      "introducao",   "inleiding",    "voorwoord", "wstep",      "wprowadzenie", "przedmowa",
      "введение",     "предисловие",  "はじめに",  "序論",       "概要",         "引言",
      "简介",         "前言",         "簡介"};
  return names;
}

class OutlineGenerator {
 public:
  explicit OutlineGenerator(GeneratorContext& context)
      : context_(context), around_(context.parts.around), sections_(context.parts.section_text) {}

  void run() {
    for (const Heading& heading : context_.parts.headings) {
      if (is_question(heading.query)) continue;  // another generator's
      if (lists_of_contents().count(heading.folded) != 0) {
        drop(heading, "a list of what is elsewhere");
      } else {
        propose(heading);
      }
    }
  }

 private:
  void propose(const Heading& heading) {
    const FoldedText words = context_.text.fold(heading.query);
    if (words.words() > kMaxWords) return drop(heading, "long", double(words.words()), kMaxWords);
    if (const char* reason = sections_.unanswered(heading)) return drop(heading, reason);
    const std::string title = around_.with_title(without_colon(heading.query));
    if (is_telling(words) && !around_.is_repeated(heading)) return add(heading, {title, {}});
    ContextQuery path = around_.with_context(heading);
    if (is_introduction(heading) && path.within == PageRange{}) {
      return drop(heading, "says nothing, and nothing is above it");
    }
    if (around_.is_repeated(heading) && path.within == PageRange{}) {
      return drop(heading, "repeated, and nothing above it says more");
    }
    if (!path.text.empty()) return add(heading, std::move(path));
    if (heading.is_short) return drop(heading, "short, and nothing above it says more");
    add(heading, {title, {}});
  }

  void add(const Heading& heading, ContextQuery query) {
    if (is_in_other_language(query.text, sections_.lines_below(heading, kLanguageLines))) {
      return drop(heading, kOtherLanguage);
    }
    Candidate& candidate = context_.propose(std::move(query.text), "heading", heading.page);
    candidate.within = query.within;
    candidate.section = heading.folded;
    candidate.outline_entry = heading.entry;
  }

  void drop(const Heading& heading, const char* reason, double score = 0, double threshold = 0) {
    context_.audit.drop(
        context_.document.document_id + "#outline-" + std::to_string(heading.entry + 1),
        kOutlineGenerator, reason, score, threshold);
  }

  GeneratorContext& context_;
  const HeadingContext& around_;
  const SectionText& sections_;
};

}  // namespace

bool is_introduction(const Heading& heading) { return introductions().count(heading.folded) != 0; }

bool is_east_asian(const FoldedText& words) {
  // An ideograph counts as three letters and has three bytes; other scripts have fewer bytes.
  return !words.empty() && static_cast<unsigned char>(words.joined().front()) >= kFirstEastAsian &&
         words.letters() * 4 >= std::ssize(words.joined()) * 3;
}

bool is_telling(const FoldedText& words) {
  if (is_east_asian(words)) return words.letters() >= kEastAsianLetters;
  return words.letters() >= kTellingLetters && words.long_words() >= kTellingWords;
}

void generate_outline(GeneratorContext& context) { OutlineGenerator(context).run(); }

}  // namespace recto
