#include "curate/generator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "curate/asking.h"
#include "curate/generator_context.h"
#include "curate/test_document.h"

namespace recto {
namespace {
using test::document_of;
using test::generate_for;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using Lines = std::vector<std::string>;

/// "kind query @page" of every candidate of one generator.
Lines queries(const CuratedDocument& document, const std::string& generator,
              Audit* audit = nullptr) {
  GeneratorSettings settings;
  settings.on = {generator};
  Audit own;
  Lines lines;
  for (const Candidate& c : generate_for(document, settings, audit == nullptr ? own : *audit)) {
    lines.push_back(fmt::format("{} {} @{}", c.kind, c.query, c.page));
  }
  return lines;
}

std::string repeated_words(int count) {
  std::string words;
  for (int i = 0; i < count; ++i) words += " word";
  return words;
}

Lines reasons(const Audit& audit) {
  Lines lines;
  for (const AuditRow& row : audit.rows()) {
    lines.push_back(row.item + " " + row.stage + ": " + row.reason);
  }
  return lines;
}

TEST(Generators, NamesAreKnownOrRefused) {
  const CuratedDocument document = document_of({"text"});
  GeneratorSettings settings;
  settings.on = {"outlines"};
  Audit audit;
  try {
    generate_for(document, settings, audit);
    FAIL() << "an unknown name was taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUsage);
    EXPECT_THAT(error.what(), HasSubstr("\"outlines\" is no generator of queries; there are "
                                        "outline, question, caption, table, index, sentence"));
  }
  settings.on.clear();
  EXPECT_THAT(generate_for(document, settings, audit), IsEmpty());
  EXPECT_EQ(generators().size(), 6u);
  EXPECT_EQ(default_generators().count("outline"), 1u);
}

TEST(Generators, CandidatesAreStampedAndLeadToTheirSection) {
  const CuratedDocument document =
      document_of({"1 Reading the pages of books\ntext", "more", "2 Writing the pages of books"},
                  {{"1 Reading the pages of books", 0, 1}, {"2 Writing the pages of books", 0, 3}});
  Audit audit;
  const std::vector<Candidate> found = generate_for(document, {}, audit);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[1].method, "outline");
  EXPECT_EQ(found[1].version, generators().front().version);
  EXPECT_EQ(found[1].section, "writingthepagesofbooks");
  EXPECT_EQ(found[1].outline_entry, 1);
  EXPECT_EQ(found[1].language, "") << "the page's";
}

TEST(Generators, APageThatWasNotRenderedHasNoQuery) {
  CuratedDocument document =
      document_of({"Reading the pages of books", "", "x"}, {{"Reading the pages of books", 0, 1}});
  document.pages.erase(document.pages.begin());
  Audit audit;
  EXPECT_THAT(generate_for(document, {}, audit), IsEmpty());
}

// ---- outline

/// What stands below a heading.
const std::string kBody(220, 'x');

TEST(OutlineGenerator, UnspecificHeadingsComeWithWhatIsAboveThem) {
  const CuratedDocument document = document_of(
      {"1 Configuration of the mail server\nOptions\n" + kBody, "Options",
       "Setting up the printer\nOverview\n" + kBody, "A heading that really says quite enough",
       "Overview\n" + std::string(220, 'y') + "\nContents\n" + kBody},
      {{"1 Configuration of the mail server", 0, 1},
       {"1.1 Options", 1, 1},
       {"2 Setting up the printer", 0, 3},
       {"2.1 Overview", 1, 3},
       {"2.1.1 A heading that really says quite enough", 2, 4},
       {"Overview", 0, 5},
       {"Contents", 0, 5}});
  Audit audit;
  EXPECT_THAT(queries(document, "outline", &audit),
              ElementsAre("heading Configuration of the mail server @1",
                          "heading Configuration of the mail server: Options @1",
                          "heading Setting up the printer @3",
                          "heading Setting up the printer: Overview @3",
                          "heading A heading that really says quite enough @4"));
  EXPECT_THAT(reasons(audit),
              ElementsAre("doc#outline-6 outline: repeated, and nothing above it says more",
                          "doc#outline-7 outline: a list of what is elsewhere"));
}

TEST(OutlineGenerator, PathsGoUpToAHeadingThatSaysEnough) {
  CuratedDocument document =
      document_of({"Investments\nTerms\n" + kBody, "Loans\nTerms\nOf loans: " + kBody},
                  {{"Managing the family's money", 0, 1},
                   {"Investments", 1, 1},
                   {"Terms", 2, 1},
                   {"Loans", 0, 2},
                   {"Terms", 1, 2}});
  document.title = "The Money Guide";
  EXPECT_THAT(
      queries(document, "outline"),
      ElementsAre("heading Managing the family's money: Investments (The Money Guide) @1",
                  "heading Managing the family's money: Investments: Terms (The Money Guide) @1",
                  "heading Loans (The Money Guide) @2",
                  "heading Loans: Terms (The Money Guide) @2"));
}

TEST(OutlineGenerator, ExercisesAndTheirSolutionsAreNotToldApart) {
  CuratedDocument document =
      document_of({"Practical sessions\nPackaging a gem\n" + kBody,
                   "Practical sessions\nPackaging a gem\nSolved as follows\n" + kBody,
                   "Field Descriptions\nTop Group\n" + kBody, "Translators\n" + kBody},
                  {{"Practical sessions", 0, 1},
                   {"Packaging a gem", 1, 1},
                   {"Practical sessions", 0, 2},
                   {"Packaging a gem", 1, 2},
                   {"Field Descriptions", 0, 3},
                   {"Top Group", 1, 3},
                   {"Translators", 0, 4}});
  document.title = "The Tutorial";
  Audit audit;
  EXPECT_THAT(queries(document, "outline", &audit),
              ElementsAre("heading Field Descriptions (The Tutorial) @3",
                          "heading Field Descriptions: Top Group (The Tutorial) @3"));
  EXPECT_THAT(reasons(audit),
              ElementsAre("doc#outline-1 outline: repeated, and nothing above it says more",
                          "doc#outline-2 outline: repeated, and nothing above it says more",
                          "doc#outline-3 outline: repeated, and nothing above it says more",
                          "doc#outline-4 outline: repeated, and nothing above it says more",
                          "doc#outline-7 outline: names no subject"));
}

TEST(OutlineGenerator, AHeadingAtThePagesEndHasItsTextOnTheNext) {
  const CuratedDocument document =
      document_of({kBody + "\nWriting the pages of books\n17", "text of it"},
                  {{"Writing the pages of books", 0, 1}});
  Audit audit;
  EXPECT_THAT(queries(document, "outline", &audit), IsEmpty());
  EXPECT_THAT(
      reasons(audit),
      ElementsAre("doc#outline-1 outline: at the end of its page, its text is on the next"));
}

TEST(OutlineGenerator, TheTitleOfTheWorkHelpsWhereNothingIsAbove) {
  CuratedDocument document =
      document_of({"Overview", "Printing Guide"}, {{"Overview", 0, 1}, {"Printing guide", 0, 2}});
  document.title = "The Printing Guide";
  EXPECT_THAT(queries(document, "outline"),
              ElementsAre("heading Overview (The Printing Guide) @1", "heading Printing guide @2"));
  document.title = "manual.tex";
  EXPECT_THAT(queries(document, "outline"), ElementsAre("heading Printing guide @2"));
  document.source.title = "Printing for All";
  EXPECT_THAT(queries(document, "outline"),
              ElementsAre("heading Overview (Printing for All) @1",
                          "heading Printing guide (Printing for All) @2"));
}

TEST(OutlineGenerator, EmptyHeadingsNeedOneAboveThem) {
  CuratedDocument document = document_of(
      {"结论\nConclusion", "Setting up the printer\nIntroduction" + ("\n" + std::string(450, 'x')),
       "安裝以及卸載的相關動作"},
      {{"第8章 结论", 0, 1},
       {"Conclusion", 0, 1},
       {"Setting up the printer", 0, 2},
       {"Introduction", 1, 2},
       {"安裝以及卸載的相關動作", 0, 3}});
  document.title = "Printing Guide";
  EXPECT_THAT(queries(document, "outline"),
              ElementsAre("heading Setting up the printer (Printing Guide) @2",
                          "heading Setting up the printer: Introduction (Printing Guide) @2",
                          "heading 安裝以及卸載的相關動作 (Printing Guide) @3"));
}

TEST(WorkTitle, OfATitlePageThatTheOutlineNames) {
  const std::vector<OutlineEntry> outline = {{"Debugger", 0, 1}, {"Using it", 1, 2}};
  EXPECT_EQ(work_title(document_of({"Debugger\nCopyright 1997-2026\nDebugger 5.3", "x"}, outline)),
            "Debugger");
  const std::string text = "Debugger\nOverview\n" + std::string(200, 'x') + repeated_words(60);
  EXPECT_EQ(work_title(document_of({text, "x"}, outline)), "") << "the text begins on it";
}

TEST(WorkTitle, IsOfSourcesThePdfOrATitlePage) {
  struct Case {
    const char* title;
    const char* page;
    const char* wanted;
  };
  for (const Case& test :
       {Case{"The Printing Guide", "x", "The Printing Guide"},
        Case{"guide.dvi", "An Introduction to R\nNotes on R\nVersion 4", "An Introduction to R"},
        Case{"untitled", "page.", ""},
        Case{"C:\\x\\guide", "Guide to Printing", "Guide to Printing"},
        Case{"", "http://example.org/x", ""}, Case{"", "this goes on from before", ""},
        Case{"", "", ""}}) {
    CuratedDocument document = document_of({test.page});
    document.title = test.title;
    EXPECT_EQ(work_title(document), test.wanted) << test.title << " / " << test.page;
  }
  CuratedDocument full = document_of({"Heading of a page\n"});
  full.pages[0].words = 300;
  EXPECT_EQ(work_title(full), "") << "no title page";
}

TEST(OutlineGenerator, SectionsThatRepeatOrOnlyReferAreLeftOut) {
  const std::string exercise =
      "Packaging a gem of Ruby\nRead the documents about the packaging "
      "of Ruby, and build a package.\n";
  const CuratedDocument document = document_of(
      {"Exercises for everybody\n" + exercise, "Solutions of the exercises\n" + exercise + kBody,
       "Options\nThose of the first program: " + kBody,
       "Options\nSee Section 4.2 [Files], page 12.\nReading the pages of a book\n" + kBody},
      {{"Exercises for everybody", 0, 1},
       {"Packaging a gem of Ruby", 1, 1},
       {"Solutions of the exercises", 0, 2},
       {"Packaging a gem of Ruby", 1, 2},
       {"Options", 1, 3},
       {"Options", 1, 4},
       {"Reading the pages of a book", 0, 4}});
  Audit audit;
  EXPECT_THAT(queries(document, "outline", &audit),
              ElementsAre("heading Exercises for everybody @1",
                          "heading Exercises for everybody: Packaging a gem of Ruby @1",
                          "heading Solutions of the exercises @2",
                          "heading Solutions of the exercises: Options @3",
                          "heading Reading the pages of a book @4"));
  EXPECT_THAT(reasons(audit),
              ElementsAre("doc#outline-4 outline: repeats a section of the same name",
                          "doc#outline-6 outline: its text is a reference"));
  const std::vector<Candidate> found = generate_for(document, {}, audit);
  EXPECT_EQ(found[1].within, (PageRange{1, 2})) << "it names the exercises";
  EXPECT_EQ(found[0].within, PageRange());
}

TEST(OutlineGenerator, ASolutionThatRepeatsTheSlideBehindItsExercisesTitleIsLeftOut) {
  const std::string exercise =
      "Read the documents about the packaging of Ruby and build a package.\n";
  CuratedDocument document =
      document_of({"Practical session 1: a gem", "Practical session 1: a gem\n" + exercise + kBody,
                   "Answers to the sessions", "Practical session 1: a gem\n" + exercise + kBody,
                   "Practical session 2: a module\n" + kBody},
                  {{"Practical session 1: a gem", 0, 1},
                   {"Answers to the sessions", 0, 3},
                   {"Practical session 1: a gem", 1, 4},
                   {"Practical session 2: a module", 1, 5}});
  Audit audit;
  queries(document, "outline", &audit);
  EXPECT_THAT(reasons(audit),
              ::testing::Contains("doc#outline-3 outline: repeats a section of the same name"));
  EXPECT_THAT(reasons(audit), ::testing::Not(::testing::Contains(HasSubstr("outline-4"))));
}

TEST(OutlineGenerator, APageMustHaveTheSection) {
  struct Case {
    const char* what;
    Lines pages;
    std::vector<OutlineEntry> outline;
    const char* reason;  ///< of the first entry; null when it is a query
  };
  const std::string heading = "Writing the pages of large books";
  const std::string body(600, 'x');
  const std::vector<OutlineEntry> alone = {{heading, 0, 1}};
  const std::vector<OutlineEntry> two = {{heading, 0, 1}, {"Printing the pages", 0, 1}};
  const std::vector<OutlineEntry> three = {{heading, 0, 1}, {"Printing the pages", 0, 2}};
  const std::string other = "\nPrinting the pages\n" + body;
  for (const Case& test :
       {Case{"all of it", {heading + "\n" + body}, alone, nullptr},
        Case{"goes on", {heading + "\n" + body, body}, alone, nullptr},
        Case{"begins low, a third of it",
             {body + body + "\n" + heading + "\n" + body.substr(150), body + body},
             alone,
             "most of its text is on the next page"},
        Case{"begins low, the next section follows",
             {body + body + "\n" + heading + "\n" + body.substr(150), "Go on." + other},
             three,
             nullptr},
        Case{"a sentence",
             {heading + "\nHere is a list." + other},
             two,
             "hardly any text before the next heading"},
        Case{"text", {heading + "\n" + kBody + other}, two, nullptr},
        Case{"a chapter of four pages",
             {heading + "\n" + body + other, body, body, body},
             {{heading, 0, 1}, {"Printing the pages", 1, 1}},
             "a chapter of several pages"},
        Case{"a chapter of two pages",
             {heading + "\n" + body + other, body},
             {{heading, 0, 1}, {"Printing the pages", 1, 1}},
             nullptr},
        Case{"mentioned",
             {"It is about " + heading + ".\n" + body},
             alone,
             "mentioned in a line that begins otherwise"},
        Case{"on two lines", {"1 Writing the pages\nof large books\n" + body}, alone, nullptr},
        Case{"a function",
             {"write_page(Page) -> ok\nSee write_page/1\n" + body},
             {{"write_page/1", 0, 1}},
             nullptr},
        Case{"of a module",
             {"book:write_page(Page) -> ok\nSee write_page/1\n" + body},
             {{"write_page/1", 0, 1}},
             nullptr},
        Case{"a function that is mentioned",
             {"See also write_page/1\n" + body},
             {{"write_page/1", 0, 1}},
             "mentioned in a line that begins otherwise"},
        Case{"an index",
             {"Index of commands\nread 12\nwrite 14, 15\nprint 18"},
             {{"Index of commands", 0, 1}},
             "an index"},
        Case{"no index",
             {"Index vectors\nAll of them\nhave numbers.\nFrom 1 to 12"},
             {{"Index vectors", 0, 1}},
             nullptr},
        Case{"no subject",
             {"Other books\n" + body, "Zusammenfassung\n" + body},
             {{"Zusammenfassung", 1, 2}},
             "names no subject"}}) {
    Audit audit;
    queries(document_of(test.pages, test.outline), "outline", &audit);
    const Lines found = reasons(audit);
    const std::string wanted =
        test.reason == nullptr ? "" : fmt::format("doc#outline-1 outline: {}", test.reason);
    EXPECT_EQ(found.empty() ? "" : found.front(), wanted) << test.what;
  }
}

TEST(OutlineGenerator, AccentsThatTheOutlineLostAreThePages) {
  CuratedDocument document =
      document_of({"Über Bücher für Anfänger und\nFortgeschrittene\n" + kBody,
                   "DIE ÜBERSICHT ALLER NUTZBAREN SEITEN VON SEHR GROSSEN BÜCHERN\n" + kBody},
                  {{"Uber Bucher fur Anfanger und Fortgeschrittene", 0, 1},
                   {"Die Ubersicht aller nutzbaren Seiten von sehr grossen Buchern", 0, 2}});
  document.title = "Bücher";
  EXPECT_THAT(
      queries(document, "outline"),
      ElementsAre("heading Über Bücher für Anfänger und Fortgeschrittene @1",
                  "heading Die Ubersicht aller nutzbaren Seiten von sehr grossen Buchern @2"));
}

TEST(OutlineGenerator, AccentsApartFromTheirLettersAreJoinedOrLeftToTheOutline) {
  CuratedDocument document =
      document_of({"Ubliche Notation für Saiteninstrumente mit Bünden ¨\n" + kBody,
                   "Are there upgrades in stable’ for the users? \u0300\n" + kBody,
                   "✡ ✠ Veränderungen der Höhe in alten und neuen Stücken\n" + kBody},
                  {{"Ubliche Notation fur Saiteninstrumente mit Bunden", 0, 1},
                   {"Are there upgrades in 'stable' for the users?", 0, 2},
                   {"Veranderungen der Hohe in alten und neuen Stucken", 0, 3}});
  EXPECT_THAT(queries(document, "outline"),
              ElementsAre("heading Übliche Notation für Saiteninstrumente mit Bünden @1",
                          "heading Veranderungen der Hohe in alten und neuen Stucken @3"));
  document.title = "The Answers";
  EXPECT_THAT(
      queries(document, "question"),
      ElementsAre("question Are there upgrades in 'stable' for the users? (The Answers) @2"));
}

TEST(OutlineGenerator, LettersOfAppendicesAreLeftOut) {
  CuratedDocument document =
      document_of({"A Trip\n" + kBody, "A Copying files\n" + kBody, "B Writing commands\n" + kBody},
                  {{"A Trip", 0, 1},
                   {"Other things", 0, 1},
                   {"A Copying files", 0, 2},
                   {"B Writing commands", 0, 3}});
  document.title = "The Printing Guide";
  EXPECT_THAT(queries(document, "outline"),
              ElementsAre("heading A Trip (The Printing Guide) @1",
                          "heading Copying files (The Printing Guide) @2",
                          "heading Writing commands (The Printing Guide) @3"));
}

// ---- questions

TEST(AsksSomething, ReadersAskOthersThanTexts) {
  for (const char* text :
       {"How do I install a package", "Can I use it at home?", "My catalog is full of test runs?",
        "Y a-t-il un moyen rapide ?", "Existe-t-il des mises à jour ?", "Gibt es Alternativen?",
        "Darf ich CDs verkaufen?", "¿Quién está en el sistema?", "¿Dónde encontrar ayuda?",
        "Quem fez o upload do pacote?", "Chi ha caricato il pacchetto?", "Waar vindt u hulp?",
        "Czy mogę drukować?", "どこで助けを探す?", "哪里可以求助？", "D'où vient-il ?",
        "A backup takes hours. What should I do?"}) {
    EXPECT_TRUE(asks_something(text)) << text;
  }
  for (const char* text :
       {"More interested in Ubuntu?", "Plus intéressé par Ubuntu ?", "¿Más interesado en Ubuntu?",
        "Mais interessado em Ubuntu?", "Meer geïnteresseerd in Ubuntu?", "对Ubuntu更感兴趣？",
        "Ubuntu の方が興味ある?", "Have You Found a Bug?", "Do you want a secure configuration?",
        "Haben Sie einen Fehler gefunden?", "Questions?", ""}) {
    EXPECT_FALSE(asks_something(text)) << text;
  }
}

TEST(IsQuestion, InManyLanguages) {
  for (const char* text :
       {"Why not?", "How do I install a package", "Comment faire une sauvegarde du disque",
        "Wie kann ich Debian installieren", "¿Qué es un paquete de Debian", "なぜですか？",
        "Come posso stampare una pagina", "Como posso imprimir uma página", "Hoe kan ik dat doen",
        "Dlaczego warto używać Debiana dzisiaj", "什么是软件包？"}) {
    EXPECT_TRUE(is_question(text)) << text;
  }
  for (const char* text : {"Installing packages", "What is", "However you do it well", "", "Wie"}) {
    EXPECT_FALSE(is_question(text)) << text;
  }
}

const std::string kAnswer =
    "The answer to it is that you can do so whenever you like to, with the program for it.";

TEST(QuestionGenerator, TakesHeadingsAndMarkedQuestionsThatAreAnswered) {
  CuratedDocument document = document_of(
      {"1.1 Who uploaded the package? 12\n1.2 Where is it now? 13\n1.3 Why is it so? 14",
       "3.1 Who uploaded the first package?\n" + kAnswer +
           "\n3.2 Tips and tricks\n3.3 How do I read a\n"
           "page of a book?\n" +
           kAnswer,
       "Q: Can I use it at home?\n" + kAnswer + "\nIs it so? one asks.",
       "1. Is the first one on?\n2. Is the second one on?\n3. Is the third one on?",
       "Who has it now?\n" + kBody + "\nMore of the pages?\n" + kAnswer},
      {{"3.1 Who uploaded the first package?", 0, 2},
       {"Why not?", 0, 2},
       {"Who has it now?", 0, 5},
       {"More of the pages?", 0, 5}});
  document.title = "The Book";
  Audit audit;
  EXPECT_THAT(queries(document, "question", &audit),
              ElementsAre("question Who uploaded the first package? (The Book) @2",
                          "question Who has it now? (The Book) @5",
                          "question How do I read a page of a book? (The Book) @2",
                          "question Can I use it at home? (The Book) @3"));
  EXPECT_THAT(reasons(audit),
              ElementsAre("doc#outline-2 heading: not on the page it leads to nor beside it",
                          "doc#outline-4 question: asks nothing that a reader would",
                          "doc-4 question: followed by a question, no answer",
                          "doc-4 question: followed by a question, no answer",
                          "doc-4 question: no answer on the page"));
}

TEST(QuestionGenerator, AQuestionThatTellsNeitherWorkNorSubjectIsDropped) {
  CuratedDocument document = document_of(
      {"Why is the document on line for one version and the program for another?\n" + kBody,
       "Details of the engraving\nWhy so much effort?\n" + kBody,
       "Q: Can I use it at home?\n" + kAnswer},
      {{"Why is the document on line for one version and the program for another?", 0, 1},
       {"Details of the engraving", 0, 2},
       {"Why so much effort?", 1, 2}});
  Audit audit;
  EXPECT_THAT(queries(document, "question", &audit),
              ElementsAre("question Details of the engraving: Why so much effort? @2"));
  EXPECT_THAT(reasons(audit),
              ElementsAre("doc#outline-1 question: nothing above it and no title says what of",
                          "doc-3 question: no title says what of"));
  document.title = "Musical Type";
  EXPECT_THAT(
      queries(document, "question"),
      ElementsAre("question Why is the document on line for one version and the program for "
                  "another? (Musical Type) @1",
                  "question Details of the engraving: Why so much effort? (Musical Type) @2",
                  "question Can I use it at home? (Musical Type) @3"));
}

TEST(QuestionGenerator, AQuestionLeftUntranslatedOverATranslatedAnswerIsDropped) {
  const std::string french =
      "Le logiciel empaqueté pour Debian est disponible dans un des nombreux répertoires\n"
      "présents sur chaque site miroir de Debian. Les paquets sont gardés dans un répertoire\n"
      "commun, structuré selon le nom des paquets sources.\n";
  const std::string english =
      "Within each of the major directory trees there are three sets of directories that hold\n"
      "the index files, and one for every part of the archive, with what belongs to it.\n";
  CuratedDocument document =
      document_of({"6.7 What are all those directories at the archives?\n" + french + french +
                       "6.8 Where does one find the source code of a program?\n" + english +
                       english + english + english,
                   "Q: How do I find the source code of a program?\n" + french},
                  {{"6.7 What are all those directories at the archives?", 0, 1},
                   {"6.8 Where does one find the source code of a program?", 0, 1}});
  document.title = "La FAQ Debian";
  Audit audit;
  EXPECT_THAT(
      queries(document, "question", &audit),
      ElementsAre("question Where does one find the source code of a program? (La FAQ Debian) @1"));
  EXPECT_THAT(reasons(audit),
              ElementsAre("doc#outline-1 question: in another language than its answer",
                          "doc-2 question: in another language than its answer"));
}

// ---- captions and tables

TEST(CaptionGenerator, CaptionsAreQueriesWhenTheySayEnough) {
  const CuratedDocument document = document_of(
      {"as text\nFigure 1: The way of the data\nTable 1: Options of the reading program\n" +
           std::string(450, 'x'),
       "Figure 2: Overview\nFigure 3: array[index] = {begin / end} * <value> % $rest",
       "Rys. 4: Droga danych w programie"});
  Audit audit;
  EXPECT_THAT(queries(document, "caption", &audit),
              ElementsAre("caption The way of the data @1", "caption Droga danych w programie @3"));
  EXPECT_THAT(reasons(audit), ElementsAre("doc-2 caption: short", "doc-2 caption: program text"));
  EXPECT_THAT(queries(document, "table"), ElementsAre("table Options of the reading program @1"));
}

TEST(CaptionGenerator, TheNearestSectionAboveIsNamed) {
  CuratedDocument document = document_of(
      {"Setting the preferences\nPrinter\nof it\nWindows\nFigure 1: The tab of Windows",
       "Figure 2: The tab of colours\nColours\n" + std::string(90, 'x')},
      {{"Setting the preferences", 0, 1}, {"Windows", 1, 1}, {"Printer", 1, 1}, {"Colours", 1, 2}});
  EXPECT_THAT(queries(document, "caption"),
              ElementsAre("caption Setting the preferences: Windows: The tab of Windows @1",
                          "caption Setting the preferences: Printer: The tab of colours @2"));
}

TEST(CaptionGenerator, WhatOneOfSeveralHasInCommonIsNoQuery) {
  const std::string below = "\n" + std::string(450, 'x') + "\n";
  CuratedDocument document = document_of(
      {"Figure 1: Application of mine, situation 2\nFigure 2: The window of it" + below +
           "Figure 3: The window of it\nTable 1: Options of the reading program" + below,
       std::string(450, 'x') + "\nTable 2: Options of the printing program",
       "Logging\nFigure 4: Conceptual overview of it"},
      {{"The user's guide of the kernel", 0, 1}, {"Logging", 1, 3}});
  document.pages[0].text = "The user's guide of the kernel\n" + document.pages[0].text;
  document.title = "Erlang";
  Audit audit;
  EXPECT_THAT(
      queries(document, "caption", &audit),
      ElementsAre("caption The user's guide of the kernel: Logging: Conceptual overview of it "
                  "(Erlang) @3"));
  EXPECT_THAT(reasons(audit), ElementsAre("doc-1 caption: told apart by a number alone",
                                          "doc-1 caption: the text of several captions",
                                          "doc-1 caption: the text of several captions"));
  Audit tables;
  EXPECT_THAT(queries(document, "table", &tables),
              ElementsAre("table Options of the reading program (Erlang) @1"));
  EXPECT_THAT(reasons(tables),
              ElementsAre("doc-2 table: at the end of its page, its table is on the next"));
}

// ---- index

TEST(IndexGenerator, TermsLeadThroughPrintedNumbersToPagesThatHoldThem) {
  std::string index = "Index\n";
  for (const char* line :
       {"absolute position of words, 1", "backward references, 9", "cloth, 1",
        "common words of it, 1", "pages in a book, order of, 2", "printing with colours, 2",
        "quick sorting of books, see sorting, 2", "reading pages aloud, 1, 2, 3, 4",
        "table settings, 2", "very common things, 1"}) {
    index += std::string(line) + "\n";
  }
  const std::string common = "Very common things";
  const std::string mention = "One can find a mention of what printing with colours is, once only.";
  CuratedDocument document = document_of(
      {"cover", "Absolute position of words\ncloth\n" + common,
       "Pages in a book\nThe order of pages in a book\n" + mention +
           "\nThe table settings are read after table settings\nof the system, so that other "
           "table settings count\n",
       common, common, common, common, common, common, common, common, index});
  for (CuratedPage& page : document.pages) {
    page.label = page.number == 1 ? "i" : std::to_string(page.number - 1);
  }
  document.title = "The Book of Books";
  Audit audit;
  EXPECT_THAT(
      queries(document, "index", &audit),
      ElementsAre("index absolute position of words @2", "index pages in a book, order of @3",
                  "index table settings (The Book of Books) @3"));
  EXPECT_THAT(
      reasons(audit),
      ElementsAre("doc-12 index: not prominent on every page named", "doc-12 index: short",
                  "doc-12 index: not prominent on every page named",
                  "doc-12 index: not prominent on every page named",
                  "doc-12 index: a reference to another term", "doc-12 index: on many pages",
                  "doc-12 index: on many more pages than are named"));
}

TEST(IndexGenerator, ReferencesToOtherSectionsDoNotMakeAPageAnAnswer) {
  const std::string index =
      "Index\nconductors and parts, 1\nfile structure of it, 1\ngaussian (family), 1\n"
      "grid point engraver, 1\nmusical phrases of it, 1\npedals of a piano, 1\nquarter tones, "
      "9\nrests of a voice, 9\nslurs of a voice, 9\n";
  CuratedDocument document = document_of(
      {"In full scores see Section “Conductors and parts” in Notation.\nAs said in Abschnitt "
       "„Conductors and parts“ in Notation, and so on.\nGaussian (family)\nThe pedals of "
       "a piano are held, as one\nknows, and “pedals of a piano” are played.\nMusical phrases of "
       "it\n"
       "See also\nFile structure of it\nGrid point engraver",
       index});
  Audit audit;
  EXPECT_THAT(queries(document, "index", &audit),
              ElementsAre("index musical phrases of it @1", "index pedals of a piano @1"));
}

// ---- sentences

TEST(SentenceGenerator, TakesTheRarestThatStandsAlone) {
  std::string filler;
  for (int i = 0; i < 20; ++i) filler += "The page has many words in it, as pages do. ";
  const CuratedDocument document = document_of(
      {filler +
           "This zymurgist ferments quassia in earthenware jars. Zymurgists ferment quassia in "
           "earthenware jars overnight. The books are on the shelves today.",
       filler + "The books are on the shelves today.", "Few words."});
  Audit audit;
  EXPECT_THAT(queries(document, "sentence", &audit),
              ElementsAre("sentence Zymurgists ferment quassia in earthenware jars overnight. @1"));
  EXPECT_THAT(reasons(audit), ElementsAre("doc-2 sentence: no whole sentence that stands alone"));
  // Rarity over a corpus comes from outside.
  GeneratorSettings settings;
  settings.on = {"sentence"};
  settings.rarity = [](const std::string& word) { return word == "many" ? 9.0 : 0.0; };
  EXPECT_THAT(generate_for(document, settings, audit), IsEmpty())
      << "repeated sentences never count";
}

TEST(SentenceGenerator, TakesSeveralOfAPageTheRarestFirst) {
  std::string text;
  for (int i = 0; i < 20; ++i) text += "The page has many words in it, as pages do. ";
  text +=
      "Plain water and quassia are what most people would use at home. Zymurgists ferment quassia "
      "in earthenware jars overnight. The cooper seals earthenware with a layer of old pitch. "
      "Zymurgists ferment quassia in earthenware jars overnight.";
  const CuratedDocument document = document_of({text});
  GeneratorSettings settings;
  settings.on = {"sentence"};
  settings.rarity = [](const std::string& word) {
    return word == "zymurgists" ? 9.0 : word == "cooper" ? 5.0 : 1.0;
  };
  const std::vector<std::string> in_order = {
      "Zymurgists ferment quassia in earthenware jars overnight.",
      "The cooper seals earthenware with a layer of old pitch.",
      "Plain water and quassia are what most people would use at home."};
  for (size_t most = 1; most <= 4; ++most) {
    settings.sentences_per_page = static_cast<int>(most);
    Audit audit;
    std::vector<std::string> found;
    for (const Candidate& one : generate_for(document, settings, audit)) found.push_back(one.query);
    const size_t wanted = std::min(most, in_order.size());
    EXPECT_EQ(found, std::vector<std::string>(in_order.begin(),
                                              in_order.begin() + static_cast<int64_t>(wanted)));
  }
}

}  // namespace
}  // namespace recto
