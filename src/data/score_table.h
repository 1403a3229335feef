#pragma once
// Tables of scores of queries and pages: what a teacher or a reranker thinks of them
// (docs/formats/embeddings.md).

#include <filesystem>
#include <functional>
#include <string>

namespace recto {

struct ScoreRow {
  std::string query_id;
  std::string page_id;
  double score = 0;
};

/// Whether `file` is a .parquet or .jsonl with columns or keys query_id and page_id (of a
/// .jsonl the first line counts). Throws Error(kNotFound | kBadInput) when it cannot be read.
bool is_score_table(const std::filesystem::path& file);

/// Calls `visit` with each row, in file order. Throws Error(kBadInput) naming file and line for a
/// row that is no such thing or a score that is not finite, Error(kUsage) for another ending.
void for_each_score(const std::filesystem::path& file,
                    const std::function<void(ScoreRow&&)>& visit);

}  // namespace recto
