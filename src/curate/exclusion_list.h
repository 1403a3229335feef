#pragma once
// What excluded sets hold, as fingerprints gathered from their files.

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "curate/exclusions.h"
#include "page/perceptual_hash.h"
#include "search/word_tokenizer.h"

namespace recto {

/// The word n-grams of a query as hashes, ascending; the whole query is the single entry of
/// `whole`.
struct QueryPrint {
  uint64_t whole = 0;  ///< of its folded words; 0 when it has none
  std::vector<uint64_t> runs;
};
QueryPrint query_print(WordTokenizer& tokenizer, std::string_view query, int run_words);

/// Pages in columns, for a fast look at all hashes.
struct ExclusionList {
  std::array<std::vector<uint64_t>, 4> hash_planes;  ///< word k of the hash of page i: [k][i]
  std::vector<int> page_words;                       ///< count_words of the text
  std::vector<uint64_t> grams;                       ///< word_grams of all pages, one after another
  std::vector<size_t> gram_ends;                     ///< where those of page i end
  std::unordered_set<std::string> documents;         ///< SHA-256
  std::unordered_set<uint64_t> queries;              ///< QueryPrint::whole
  std::unordered_set<uint64_t> runs;
  ExclusionCounts counts;
  int64_t seen = 0;  ///< pages, queries and documents read, also those that repeat

  void add_page(const PerceptualHash& hash, std::string_view text);
  void add_document(std::string sha256);
  void add_query(WordTokenizer& tokenizer, std::string_view query, int run_words);
};

/// What load() would say of a path and can be known without reading tables: Error(kNotFound) when
/// it is not there, Error(kBadInput) for a broken list of hashes and for a folder without tables.
void check_exclusions(const std::filesystem::path& path);

/// Reads one of the paths of Exclusions::load.
void read_exclusions(const std::filesystem::path& path, const ExclusionSettings& settings,
                     ExclusionList& list);

}  // namespace recto
