#pragma once
// What an evaluation leaves: files for programs and a line for people
// (docs/formats/evaluation.md).

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/json.h"
#include "eval/evaluate.h"

namespace recto {

/// Content of results.json: mteb's task result, and what recto adds under "recto". The same
/// evaluation gives the same bytes; times are in run.json.
Json results_json(const EvalReport& report);

/// The score a task is ranked by: the main metric of the first system or, with subsets of
/// languages, the mean over them.
double main_score(const EvalReport& report);

/// Encoded picture of a page, "" for none.
using PagePicture = std::function<std::string(const std::string& page_id)>;

/// Writes results.json, run.json, table.md, report.html, per_query.jsonl, within_document.jsonl and
/// run.trec of the first system, and per_query.NAME.jsonl, within_document.NAME.jsonl and
/// run.NAME.trec of the others, as one directory. `picture` serves report.html; without it there
/// are no pictures. Throws Error(kUsage) when `directory` exists and is not empty.
void write_report(const std::filesystem::path& directory, const EvalReport& report,
                  const PagePicture& picture = nullptr);

/// The same for several tasks: a directory each, called NAME or NAME.SPLIT, and comparisons.json,
/// in which p values are corrected over all of them.
void write_reports(const std::filesystem::path& directory, const std::vector<EvalReport>& reports,
                   const std::function<PagePicture(size_t report)>& picture = nullptr);

/// "LABEL nDCG@5 0.1234 hit@1 0.1234 queries N pages M", without a line end.
std::string summary_line(const std::string& label, const SystemResult& result,
                         const RetrievalTask& task);

/// What a reader of the numbers has to know of the task, a sentence each: that BM25 is left out for
/// want of words, that judged pages are not in the corpus.
std::vector<std::string> task_remarks(const EvalReport& report);

/// Something a second: "4803", "4.44".
std::string rate_text(double rate);

/// Tables of systems and of comparisons in Markdown, for cards.
std::string markdown_table(const EvalReport& report);

}  // namespace recto
