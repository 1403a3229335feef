#pragma once
// TREC files: judgements ("query 0 document grade") and runs ("query Q0 document rank score tag"),
// fields separated by spaces or tabs; and BEIR's judgements (a header, then "query document grade"
// separated by tabs).

#include <filesystem>
#include <string>

#include "eval/metrics.h"

namespace recto {

/// Judgements of TREC, or of BEIR when the first line is a header of three fields. Throws
/// Error(kBadInput) naming file and line for a line of another number of fields, a grade that is no
/// integer, a document judged twice for a query, and for a file without a judgement;
/// Error(kNotFound | kIo).
Qrels read_qrels(const std::filesystem::path& path);

/// The rank field is not read: scores decide. Throws Error(kBadInput) naming file and line for a
/// line without exactly six fields, a score that is no finite number, a document found twice for a
/// query, and for a file without a line.
Run read_run(const std::filesystem::path& path);

/// Queries by id, documents best first, ranks from 1. Scores are written so that they read back
/// as the same doubles. Atomic. Throws Error(kBadInput) for an id with white space or an empty one.
void write_run(const std::filesystem::path& path, const Run& run, const std::string& tag);
void write_qrels(const std::filesystem::path& path, const Qrels& qrels);

}  // namespace recto
