// Terms of a back-of-book index as queries.

#include <algorithm>
#include <array>
#include <cctype>
#include <set>

#include "base/interrupt.h"
#include "curate/book_index.h"
#include "curate/function_words.h"
#include "curate/generator_context.h"
#include "curate/loose_accents.h"
#include "curate/text_lines.h"

namespace recto {

namespace {

constexpr int kMinLetters = 8;
constexpr size_t kMaxWords = 12;
constexpr size_t kMaxLabels = 3;
constexpr size_t kMaxOtherWordsOfHeading = 3;
/// A term that stands on many more pages than the index names is not what they are about.
constexpr size_t kMaxOtherPages = 4;
/// A term of fewer words comes with the title of the work.
constexpr size_t kTellingWords = 4;

/// What stands before the quoted title of another section; also as text layers with loose accents
/// have it.
constexpr auto kSectionWords = std::to_array<std::string_view>(
    {"section", "abschnitt", "sección", "secci´on", "sezione", "secção", "seção", "sectie",
     "paragraaf", "rozdział", "chapter", "kapitel", "chapitre", "capítulo", "cap´ıtulo",
     "capitolo"});

/// "see sorting", "siehe auch …": a reference within the index.
bool refers_elsewhere(const std::string& term) {
  const std::string small = lower_case(term);
  for (const char* mark : {", see ", "see also", ", siehe ", "siehe auch", ", voir ", "voir aussi",
                           ", véase ", "véase también", ", vedi ", "vedi anche", ", ver ",
                           "ver também", ", zie ", "zie ook", ", zob. ", "zobacz"}) {
    if (small.find(mark) != std::string::npos) return true;
  }
  return false;
}

/// Signs of program text, and names in it ("read.table", "PianoPedal").
bool is_code(const std::string& term) {
  if (term.find_first_of("\\_{}<>=%&*#@$^|~/:;[]+") != std::string::npos) return true;
  for (size_t i = 1; i + 1 < term.size(); ++i) {
    const auto is = [&](size_t at, int (*kind)(int)) {
      return kind(static_cast<unsigned char>(term[at])) != 0;
    };
    if (is(i - 1, std::islower) && is(i, std::isupper)) return true;
    if (term[i] == '.' && is(i - 1, std::isalnum) && is(i + 1, std::isalnum)) return true;
  }
  return false;
}

/// "for real numbers": what stands below another term.
bool is_subordinate(const std::string& term) {
  return is_function_word(lower_case(term.substr(0, term.find(' '))));
}

/// "Knuth, Donald E": an index of persons says where they are mentioned.
bool is_person(const std::string& term) {
  const size_t comma = term.find(", ");
  return comma != std::string::npos && term.find(' ') > comma && begins_sentence(term) &&
         begins_sentence(std::string_view(term).substr(comma + 2));
}

/// "gaussian (family)" is no more telling than "gaussian".
std::string without_parentheses(std::string term) {
  for (size_t open = term.find('('); open != std::string::npos; open = term.find('(')) {
    term.erase(open, std::min(term.find(')', open), term.size() - 1) - open + 1);
  }
  return fold_spaces(term);
}

/// "See also" and what else stands above references to other sections, folded.
bool heads_references(const FoldedText& line) {
  static const std::set<std::string_view> kNames = {"seealso",      "sieheauch", "voiraussi",
                                                    "veasetambien", "vedianche", "vejatambem",
                                                    "zieook",       "zobacztez"};
  return kNames.count(line.joined()) != 0;
}

/// The line without what it quotes after "Section": 'see Section "Pedals" in Notation'.
std::string without_references(const std::string& line) {
  const std::string small = lower_case(line);
  std::string out;
  size_t from = 0;
  for (const std::string_view quote : {"“", "„", "«", "\""}) {
    for (size_t open = line.find(quote, from); open != std::string::npos;
         open = line.find(quote, from)) {
      size_t end = line.size();
      for (const std::string_view closing : {"”", "“", "»", "\""}) {
        const size_t close = line.find(closing, open + quote.size());
        if (close != std::string::npos) end = std::min(end, close + closing.size());
      }
      const std::string before = fold_spaces(std::string_view(small).substr(0, open));
      const bool refers =
          std::any_of(kSectionWords.begin(), kSectionWords.end(),
                      [&](std::string_view word) { return before.ends_with(word); });
      out += line.substr(from, (refers ? open : end) - from);
      from = end;
    }
  }
  return out + line.substr(from);
}

class IndexGenerator {
 public:
  explicit IndexGenerator(GeneratorContext& context)
      : context_(context), title_(context.parts.title) {}

  void run() {
    const std::vector<int> pages = find_index_pages(context_.text);
    index_pages_.insert(pages.begin(), pages.end());
    for (const int page : pages) {
      throw_if_interrupted();
      for (const IndexEntry& entry : read_index_page(context_.text, page)) {
        if (const char* reason = propose(entry)) {
          context_.audit.drop(context_.page_item(page), kIndexGenerator, reason);
        }
      }
    }
  }

 private:
  /// Why the entry gives no query, or null.
  const char* propose(const IndexEntry& entry) {
    const std::string bare = without_parentheses(entry.term);
    const FoldedText words = context_.text.fold(bare);
    // One word is as often the name of something in a program; East Asian terms have no spaces.
    const bool one_word = bare.find(' ') == std::string::npos;
    if (words.letters() < kMinLetters || (one_word && !is_east_asian(words))) return "short";
    if (is_code(entry.term)) return "program text";
    if (entry.term.front() >= '0' && entry.term.front() <= '9') return "numbered";
    if (is_subordinate(entry.term)) return "subordinate";
    if (is_person(entry.term)) return "a person";
    if (words.words() > kMaxWords) return "long";
    if (refers_elsewhere(entry.term)) return "a reference to another term";
    if (has_loose_accents(entry.term)) return "letters and accents apart";
    if (entry.labels.size() > kMaxLabels) return "on many pages";
    std::vector<int> answers;
    for (const std::string& label : entry.labels) {
      const int page = context_.text.page_labelled(label);
      if (page != 0 && stands_on(entry.term, page)) answers.push_back(page);
    }
    if (answers.size() < entry.labels.size()) return "not prominent on every page named";
    if (is_everywhere(entry.term, answers.size() + kMaxOtherPages)) {
      return "on many more pages than are named";
    }
    std::string query = spell_out_ligatures(entry.term);
    if (words.words() < kTellingWords && !title_.empty()) query += " (" + title_ + ")";
    for (const int page : answers) context_.propose(query, "index", page);
    return nullptr;
  }

  /// Each part between commas stands on the page.
  bool stands_on(const std::string& term, int page) {
    if (index_pages_.count(page) != 0) return false;
    for (size_t start = 0; start < term.size();) {
      const size_t end = std::min(term.find(',', start), term.size());
      const FoldedText part = context_.text.fold(std::string_view(term).substr(start, end - start));
      if (!part.empty() && !context_.text.folded(page).contains(part)) return false;
      start = end + 1;
    }
    return is_prominent(context_.text.fold(std::string_view(term).substr(0, term.find(','))), page);
  }

  /// The page is about the term rather than mentioning it: it stands in a line of its own (a
  /// heading, the name of an item), or more than once, references to other sections left out.
  bool is_prominent(const FoldedText& term, int page) {
    int lines = 0;
    bool references = false;
    for (const std::string& line : context_.text.lines(page)) {
      const FoldedText words = context_.text.fold(without_references(line));
      references = references || heads_references(words);
      if (references || !words.contains(term)) continue;
      if (words.words() <= term.words() + kMaxOtherWordsOfHeading && begins_sentence(line)) {
        return true;
      }
      ++lines;
    }
    return lines > 1;
  }

  /// True when more than `most` pages beside the index hold the term.
  bool is_everywhere(const std::string& term, size_t most) {
    const size_t limit = index_pages_.size() + most + 1;
    const std::vector<int> pages =
        context_.text.pages_with(std::string_view(term).substr(0, term.find(',')), limit);
    const auto found = std::count_if(pages.begin(), pages.end(),
                                     [&](int page) { return index_pages_.count(page) == 0; });
    return static_cast<size_t>(found) > most;
  }

  GeneratorContext& context_;
  const std::string& title_;
  std::set<int> index_pages_;
};

}  // namespace

void generate_index_terms(GeneratorContext& context) { IndexGenerator(context).run(); }

}  // namespace recto
