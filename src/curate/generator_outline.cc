// Headings of the outline as queries.

#include <map>
#include <set>

#include "curate/generator_context.h"

namespace recto {

namespace {

/// A heading of fewer words and letters also comes with what it stands under.
constexpr size_t kSpecificWords = 3;
constexpr int kSpecificLetters = 16;
constexpr int kEastAsianLetters = 18;            // six characters
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

class OutlineGenerator {
 public:
  explicit OutlineGenerator(GeneratorContext& context)
      : context_(context), title_(work_title(context.document)) {
    const FoldedText folded = context.text.fold(title_);
    title_folded_ = folded.joined();
    std::map<std::string, std::set<int>> places;
    for (const Heading& heading : context.headings) places[heading.folded].insert(heading.page);
    for (const auto& [words, pages] : places) {
      if (pages.size() > 1) repeated_.insert(words);
    }
  }

  void run() {
    for (const Heading& heading : context_.headings) {
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
    const bool repeated = repeated_.count(heading.folded) != 0;
    const bool specific = is_telling(words);
    if (words.words() > kMaxWords) return drop(heading, "long", double(words.words()), kMaxWords);
    const std::string title = without_colon(heading.query);
    if (specific && !repeated) return add(heading, title);
    const std::string path = with_context(heading);
    if (!path.empty()) return add(heading, path);
    if (heading.is_short) return drop(heading, "short, and nothing above it says more");
    if (repeated) return drop(heading, "repeated, and nothing above it says more");
    add(heading, title);
  }

  /// "Output:" and "Sortie :" lead to what follows on the page.
  static std::string without_colon(std::string title) {
    while (title.ends_with(':') || title.ends_with(' ')) title.pop_back();
    return title;
  }

  void add(const Heading& heading, std::string query) {
    Candidate& candidate = context_.propose(std::move(query), "heading", heading.page);
    candidate.section = heading.folded;
    candidate.outline_entry = heading.entry;
  }

  void drop(const Heading& heading, const char* reason, double score = 0, double threshold = 0) {
    context_.audit.drop(
        context_.document.document_id + "#outline-" + std::to_string(heading.entry + 1),
        kOutlineGenerator, reason, score, threshold);
  }

  /// "Parent: heading", or "heading (title of the work)"; "" when neither says more.
  std::string with_context(const Heading& heading) {
    const std::string parent = telling_parent(heading);
    if (!parent.empty()) return checked(parent + ": " + without_colon(heading.query));
    if (title_.empty() || heading.folded.find(title_folded_) != std::string::npos ||
        title_folded_.find(heading.folded) != std::string::npos) {
      return "";
    }
    return checked(without_colon(heading.query) + " (" + title_ + ")");
  }

  std::string checked(std::string query) {
    return context_.text.fold(query).words() <= kMaxWords ? query : "";
  }

  /// The nearest entry above that is not unspecific itself.
  std::string telling_parent(const Heading& heading) {
    const std::vector<OutlineEntry>& outline = context_.document.outline;
    int level = heading.level;
    for (int i = heading.entry - 1; i >= 0 && level > 0; --i) {
      const OutlineEntry& entry = outline[static_cast<size_t>(i)];
      if (entry.level >= level) continue;
      level = entry.level;
      std::string title = strip_numbering(spell_out_ligatures(entry.title));
      const FoldedText words = context_.text.fold(title);
      const bool telling = words.letters() >= kSpecificLetters || words.words() >= kSpecificWords;
      if (telling && repeated_.count(words.joined()) == 0 &&
          words.joined().find(heading.folded) == std::string::npos) {
        return without_colon(title);
      }
    }
    return "";
  }

  GeneratorContext& context_;
  std::string title_;
  std::string title_folded_;
  std::set<std::string> repeated_;  ///< folded headings of several pages
};

}  // namespace

bool is_east_asian(const FoldedText& words) {
  // An ideograph counts as three letters and has three bytes; other scripts have fewer bytes.
  return !words.empty() && static_cast<unsigned char>(words.joined().front()) >= kFirstEastAsian &&
         words.letters() * 4 >= std::ssize(words.joined()) * 3;
}

bool is_telling(const FoldedText& words) {
  const bool east_asian = is_east_asian(words);
  return words.letters() >= (east_asian ? kEastAsianLetters : kSpecificLetters) &&
         (words.words() >= kSpecificWords || east_asian);
}

void generate_outline(GeneratorContext& context) { OutlineGenerator(context).run(); }

}  // namespace recto
