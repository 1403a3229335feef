#pragma once
// What an evaluation leaves: files for programs and a line for people
// (docs/formats/evaluation.md).

#include <filesystem>
#include <string>

#include "base/json.h"
#include "eval/evaluate.h"

namespace recto {

/// The metric a comparison is read by (ViDoRe's for versions 1 and 2).
inline constexpr const char* kMainMetric = "ndcg_at_5";

/// Content of results.json: mteb's task result, and what recto adds under "recto". The same
/// evaluation gives the same bytes; times are in run.json.
Json results_json(const EvalReport& report);

/// Writes results.json, run.json, per_query.jsonl and run.trec of the first system, and
/// per_query.NAME.jsonl and run.NAME.trec of the others, as one directory. Throws Error(kUsage)
/// when `directory` exists and is not empty.
void write_report(const std::filesystem::path& directory, const EvalReport& report);

/// "LABEL nDCG@5 0.1234 hit@1 0.1234 queries N pages M", without a line end.
std::string summary_line(const std::string& label, const SystemResult& result,
                         const RetrievalTask& task);

}  // namespace recto
