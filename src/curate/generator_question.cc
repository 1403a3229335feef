// Headings that ask a question: of the outline, and numbered or marked ("Q:") ones in the text.

#include <algorithm>
#include <array>
#include <cctype>
#include <set>

#include "curate/answer_language.h"
#include "curate/asking.h"
#include "curate/generator_context.h"
#include "curate/loose_accents.h"
#include "curate/text_lines.h"

namespace recto {

namespace {

constexpr size_t kMinWords = 4;
constexpr size_t kMaxWords = 40;
constexpr int kMinEastAsianLetters = 18;  // six characters
/// A question of less comes with the heading above it.
constexpr size_t kTellingWords = 8;
constexpr int kTellingLetters = 42;
/// A question may take that many lines, and so many letters of an answer must follow.
constexpr size_t kMaxLines = 3;
constexpr int kMinAnswerLetters = 60;
constexpr size_t kAnswerLines = 4;
/// Of one question in a document, looked at to find the one with the answer.
constexpr size_t kMaxRepetitions = 8;

/// How questions begin, in lower case, with a space where the word ends.
constexpr auto kBeginnings = std::to_array<std::string_view>(
    {// English
     "how do ", "how does ", "how can ", "how should ", "how is ", "how are ", "how many ",
     "how much ", "what is ", "what are ", "what does ", "what do ", "what's ", "what if ",
     "what should ", "what can ", "why is ", "why are ", "why do ", "why does ", "why can't ",
     "why doesn't ", "why isn't ", "where can ", "where is ", "where are ", "where do ",
     "when should ", "when do ", "who is ", "who are ", "can i ", "should i ", "do i ", "is there ",
     "are there ", "which is ", "which are ",
     // French
     "comment puis-je ", "comment faire ", "pourquoi ", "qu'est-ce ", "qu’est-ce ", "quelle est ",
     "quel est ", "quelles sont ", "quels sont ", "où puis-je ", "est-ce ", "puis-je ",
     // German
     "wie kann ", "wie kommt ", "wie wird ", "was ist ", "was sind ", "was bedeutet ", "warum ",
     "welche ", "welcher ", "welches ", "wo finde ", "wo kann ", "gibt es ", "kann ich ",
     // Spanish and Portuguese
     "¿", "cómo puedo ", "qué es ", "por qué ", "cuál es ", "como posso ", "o que é ", "por que ",
     "qual é ", "quais são ", "onde posso ",
     // Italian
     "come posso ", "che cos'è ", "che cos’è ", "cos'è ", "perché ", "qual è ", "dove posso ",
     // Dutch and Polish
     "hoe kan ", "wat is ", "waarom ", "waar kan ", "welke ", "jak mogę ", "co to jest ", "czy ",
     "dlaczego ", "gdzie "});

/// Marks before a question in a list of them, in lower case.
constexpr auto kMarks = std::to_array<std::string_view>(
    {"q:", "q.", "question:", "f:", "frage:", "p:", "d:", "pytanie:"});

/// The line without "Q:", "Q3:", "12.", "2.1" at its start; `marked` tells whether there was one.
std::string without_mark(const std::string& line, bool& marked) {
  std::string rest = line;
  const std::string small = lower_case(line.substr(0, 12));
  for (const std::string_view mark : kMarks) {
    if (small.starts_with(mark)) rest = fold_spaces(std::string_view(line).substr(mark.size()));
  }
  if (rest.size() == line.size() && (line[0] == 'Q' || line[0] == 'F')) {
    const size_t end = line.find_first_not_of("0123456789.", 1);
    if (end != std::string::npos && end > 1 && (line[end] == ':' || line[end] == ' ')) {
      rest = fold_spaces(std::string_view(line).substr(end + 1));
    }
  }
  rest = strip_numbering(rest);
  marked = rest.size() < fold_spaces(line).size();
  return rest;
}

/// "WELCOME TO DEBIAN 1.3. WHAT IS DEBIAN?": a running head.
bool is_shouted(const std::string& text) {
  const auto is_letter = [](char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; };
  const auto is_small = [](char c) { return std::islower(static_cast<unsigned char>(c)) != 0; };
  return std::any_of(text.begin(), text.end(), is_letter) &&
         std::none_of(text.begin(), text.end(), is_small);
}

class QuestionGenerator {
 public:
  explicit QuestionGenerator(GeneratorContext& context)
      : context_(context),
        around_(context.parts.around),
        sections_(context.parts.section_text),
        title_(context.parts.title) {}

  void run() {
    for (const Heading& heading : context_.parts.headings) {
      if (is_question(heading.query)) propose(heading);
    }
    for (const CuratedPage& page : context_.document.pages) read_page(page.number);
  }

 private:
  void propose(const Heading& heading) {
    bool marked = false;
    const std::string question = without_mark(heading.query, marked);
    known_.insert(context_.text.fold(question).joined());
    if (!is_long_enough(question)) return drop(heading, "short, or long");
    if (!asks_something(question)) return drop(heading, "asks nothing that a reader would");
    if (const char* reason = sections_.unanswered(heading)) return drop(heading, reason);
    if (is_in_other_language(question, sections_.lines_below(heading, kLanguageLines))) {
      return drop(heading, kOtherLanguage);
    }
    ContextQuery query = in_context(heading, question);
    if (query.text.empty()) return drop(heading, "nothing above it and no title says what of");
    Candidate& candidate = context_.propose(std::move(query.text), "question", heading.page);
    candidate.within = query.within;
    candidate.section = heading.folded;
    candidate.outline_entry = heading.entry;
  }

  void drop(const Heading& heading, const char* reason) {
    context_.audit.drop(
        context_.document.document_id + "#outline-" + std::to_string(heading.entry + 1),
        kQuestionGenerator, reason);
  }

  bool is_long_enough(const std::string& query) {
    const FoldedText words = context_.text.fold(query);
    return words.words() <= kMaxWords &&
           (words.words() >= kMinWords || words.letters() >= kMinEastAsianLetters);
  }

  /// The question with what tells of which work it is: the title, and the heading above when it is
  /// short. "" when there is neither.
  ContextQuery in_context(const Heading& heading, const std::string& question) {
    Heading own = heading;
    own.query = question;
    ContextQuery path = around_.with_context(own);
    if (is_telling_question(context_.text.fold(question)) && !title_.empty()) path = {question, {}};
    path.text = around_.with_title(path.text);
    return path;
  }

  void read_page(int page) {
    const std::vector<std::string>& lines = context_.text.lines(page);
    if (is_list_of_contents(lines)) return;
    for (size_t i = is_running_head(page, lines) ? 1 : 0; i < lines.size(); ++i) {
      size_t end = i;
      const std::string question = question_at(lines, i, end);
      if (question.empty()) continue;
      add(question, page, lines, end);
      i = end - 1;
    }
  }

  /// "96 Chapter", "Chapter 3: Files 96": a first line with the page's printed number looks like a
  /// numbered heading.
  bool is_running_head(int page, const std::vector<std::string>& lines) {
    if (lines.empty()) return false;
    const std::string& line = lines.front();
    return context_.text.page_labelled(line.substr(0, line.find(' '))) == page ||
           context_.text.page_labelled(line.substr(line.rfind(' ') + 1)) == page;
  }

  static bool is_list_of_contents(const std::vector<std::string>& lines) {
    return count_contents_lines(lines) * 3 > std::ssize(lines);
  }

  /// A marked question that begins in line `first`, or ""; `end` is the line behind it.
  static std::string question_at(const std::vector<std::string>& lines, size_t first, size_t& end) {
    bool marked = false;
    std::string question = without_mark(lines[first], marked);
    if (!marked || question.empty()) return "";
    for (end = first + 1; end < lines.size() && end - first < kMaxLines; ++end) {
      if (ends_sentence(question)) break;
      bool another = false;
      without_mark(lines[end], another);
      if (another || begins_sentence(lines[end])) break;
      question += ' ' + lines[end];
    }
    const bool asks = ends_in_question_mark(question) && begins_sentence(question) &&
                      question.front() != '(' && !is_shouted(question) &&
                      question.find("▶") == std::string::npos &&
                      question.find("•") == std::string::npos;
    return asks ? fold_spaces(question) : "";
  }

  void add(const std::string& question, int page, const std::vector<std::string>& lines,
           size_t answer) {
    const std::string folded = context_.text.fold(question).joined();
    if (!is_long_enough(question) || known_.count(folded) != 0) return;
    const std::string item = context_.page_item(page);
    std::string text;
    for (size_t i = answer; i < lines.size() && i < answer + kAnswerLines; ++i) {
      text += lines[i] + '\n';
    }
    size_t end = answer;
    if (answer < lines.size() && !question_at(lines, answer, end).empty()) {
      return context_.audit.drop(item, kQuestionGenerator, "followed by a question, no answer");
    }
    if (const int letters = context_.text.fold(text).letters(); letters < kMinAnswerLetters) {
      return context_.audit.drop(item, kQuestionGenerator, "no answer on the page", letters,
                                 kMinAnswerLetters);
    }
    if (const std::vector<int> pages = context_.text.pages_with(question, kMaxRepetitions);
        !pages.empty() && pages.back() > page) {
      return context_.audit.drop(item, kQuestionGenerator, "asked again on a later page");
    }
    if (!asks_something(question)) {
      return context_.audit.drop(item, kQuestionGenerator, "asks nothing that a reader would");
    }
    if (has_loose_accents(question)) {
      return context_.audit.drop(item, kQuestionGenerator, "letters and accents apart");
    }
    if (title_.empty()) {
      return context_.audit.drop(item, kQuestionGenerator, "no title says what of");
    }
    if (is_in_other_language(question, text)) {
      return context_.audit.drop(item, kQuestionGenerator, kOtherLanguage);
    }
    known_.insert(folded);
    context_.propose(around_.with_title(question), "question", page);
  }

  GeneratorContext& context_;
  const HeadingContext& around_;
  const SectionText& sections_;
  const std::string& title_;
  std::set<std::string> known_;  ///< folded
};

}  // namespace

bool is_question(std::string_view heading) {
  if (ends_in_question_mark(heading)) return true;
  const std::string small = lower_case(fold_spaces(heading));
  if (std::count(small.begin(), small.end(), ' ') + 1 < static_cast<int>(kMinWords)) return false;
  return std::any_of(kBeginnings.begin(), kBeginnings.end(),
                     [&](std::string_view beginning) { return small.starts_with(beginning); });
}

bool is_telling_question(const FoldedText& words) {
  return words.words() >= kTellingWords || words.letters() >= kTellingLetters;
}

void generate_questions(GeneratorContext& context) { QuestionGenerator(context).run(); }

}  // namespace recto
