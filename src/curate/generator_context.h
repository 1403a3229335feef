#pragma once
// What generators share, and what each of them is called. Private to generator*.cc.

#include <string>
#include <utility>
#include <vector>

#include "curate/document_parts.h"
#include "curate/document_text.h"
#include "curate/generator.h"
#include "curate/headings.h"
#include "data/page_id.h"

namespace recto {

/// Names in audit rows and candidates, so that they are spelled once.
inline constexpr const char* kOutlineGenerator = "outline";
inline constexpr const char* kQuestionGenerator = "question";
inline constexpr const char* kCaptionGenerator = "caption";
inline constexpr const char* kTableGenerator = "table";
inline constexpr const char* kIndexGenerator = "index";
inline constexpr const char* kSentenceGenerator = "sentence";

struct GeneratorContext {
  DocumentParts& parts;
  const GeneratorSettings& settings;
  Audit& audit;
  std::vector<Candidate>& out;

  const CuratedDocument& document = parts.document;
  DocumentText& text = parts.text;

  /// Adds a query for a page; the caller fills in what else it knows.
  Candidate& propose(std::string query, const char* kind, int page) {
    Candidate candidate;
    candidate.query = std::move(query);
    candidate.kind = kind;
    candidate.page = page;
    candidate.section = parts.sections.section_of(page);
    return out.emplace_back(std::move(candidate));
  }
  std::string page_item(int page) const { return make_page_id(document.document_id, page); }
};

// One a file. Each appends to `out`; generate() stamps name and version.
void generate_outline(GeneratorContext& context);
void generate_questions(GeneratorContext& context);
void generate_captions(GeneratorContext& context);
void generate_tables(GeneratorContext& context);
void generate_index_terms(GeneratorContext& context);
void generate_sentences(GeneratorContext& context);

/// True for a heading that asks something: with a question mark at its end, or beginning as
/// questions do in English, French, German, Spanish, Italian, Portuguese, Dutch or Polish
/// ("How do I", "Comment", "Wie kann") with four words or more.
bool is_question(std::string_view heading);

/// True for "Introduction", "Preface" and the like, which say nothing without what they stand
/// under.
bool is_introduction(const Heading& heading);

/// True for words that can be a query on their own: five long words or more with 30 letters, or
/// twelve East Asian characters.
bool is_telling(const FoldedText& words);

/// True for a question that needs no heading in front, only the title: eight words, or 42 letters.
bool is_telling_question(const FoldedText& words);

/// True for words mostly of Chinese, Japanese or Korean characters.
bool is_east_asian(const FoldedText& words);

/// The title people know the work by: of --sources, else of the PDF, unless that is a file's or a
/// program's name or says nothing ("untitled"); else the first line of a first page of few words,
/// or of one that begins with short lines (title, authors). "" when there is none.
std::string work_title(const CuratedDocument& document);

}  // namespace recto
