#pragma once
// Pairs of texts to train on, without pictures: a file of queries and the passages that answer
// them.

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace recto {

struct TextPair {
  std::string query;
  std::string passage;                 ///< answers the query
  std::string language;                ///< of the query, BCP 47, "" when unknown
  std::vector<std::string> negatives;  ///< passages that do not answer it, hardest first
  std::string where;                   ///< "FILE:LINE" or "FILE row N", for messages
};

/// Whether `file` is called as a file of text pairs is: .jsonl or .parquet.
bool is_text_pairs_path(const std::filesystem::path& file);

/// Calls `visit` with each row of a .jsonl or .parquet file in file order, holding a line or a row
/// group at a time. Columns: query, passage (texts), and language (text), negatives (list of
/// texts), which may be absent or null. Others are not read; a warning for the file names those
/// that are no ids or scores (data/unread_fields.h). Throws Error(kBadInput) naming file,
/// row and field for a text that is missing, blank or not UTF-8 and a language that is no language
/// tag, Error(kUsage) for another ending of the file's name, Error(kNotFound | kIo).
void for_each_text_pair(const std::filesystem::path& file,
                        const std::function<void(TextPair&&)>& visit);

}  // namespace recto
