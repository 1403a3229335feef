#include "curate/exclusion_list.h"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/json.h"
#include "base/list_files.h"
#include "base/sha256.h"
#include "base/threads.h"
#include "base/utf8.h"
#include "curate/folded_text.h"
#include "curate/word_grams.h"
#include "data/json_lines.h"
#include "data/parquet.h"
#include "data/table_scan.h"
#include "page/image_bytes.h"
#include "search/lexical_words.h"

namespace recto {
namespace fs = std::filesystem;

namespace {

constexpr size_t kHashDigits = 64;
/// perceptual_hash of a page of one colour.
constexpr PerceptualHash kUniform = {1, 0, 0, 0};

uint64_t text_hash(std::string_view text, uint64_t hash = 14695981039346656037U) {
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  return hash;
}

std::string text_of(const Cell& cell) {
  const auto* text = std::get_if<std::string>(&cell);
  return text == nullptr ? "" : *text;
}

bool is_hash(std::string_view text) {
  return text.size() == kHashDigits &&
         text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

/// Hash lists.
void read_hash_list(const fs::path& path, ExclusionList& list) {
  std::ifstream file(path);
  if (!file) fail(ErrorCode::kIo, "{} cannot be read", path.string());
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    if (number == 1) line.erase(0, byte_order_mark_size(line));
    const size_t begin = line.find_first_not_of(" \t\r");
    if (begin == std::string::npos || line[begin] == '#') continue;
    std::string_view text = std::string_view(line).substr(begin);
    text = text.substr(0, text.find_last_not_of(" \t\r") + 1);
    const bool document = text.starts_with("sha256:");
    if (document || text.starts_with("phash:")) text.remove_prefix(text.find(':') + 1);
    if (!is_hash(text)) {
      fail(ErrorCode::kBadInput,
           "{}:{}: a perceptual hash of 64 hexadecimal digits is wanted, or \"sha256:\" and 64 "
           "digits for a document; a data set of another kind is a folder or a .parquet file",
           path.string(), number);
    }
    if (document) {
      list.add_document(lower(text));
    } else {
      list.add_page(parse_hash(lower(text)), "");
    }
  }
}

/// One Parquet file of an excluded set.
class ExcludedTable {
 public:
  ExcludedTable(const fs::path& path, const ExclusionSettings& settings, ExclusionList& list)
      : path_(path), settings_(settings), list_(list), file_(path) {}

  void read() {
    const bool image = file_.has_column("image");
    if (path_.parent_path().filename() == "documents" && file_.has_column("document_id")) {
      read_documents();
    }
    if (image) read_pages();
    std::vector<std::string> columns;
    for (const char* name : {"query", "question", "anchor"}) {
      if (file_.has_column(name)) columns.emplace_back(name);
    }
    const bool named = path_.filename().string().find("queries") != std::string::npos ||
                       path_.parent_path().filename().string().find("queries") != std::string::npos;
    if (!image && columns.empty() && named && file_.has_column("text")) columns = {"text"};
    for (const std::string& column : columns) read_queries(column);
  }

 private:
  void read_documents() {
    for_each_batch(path_, {{"document_id"}}, kRowBatch, [&](std::vector<Row>&& rows) {
      for (const Row& row : rows) {
        const std::string id = text_of(row[0]);
        if (is_hash(id)) list_.add_document(lower(id));
      }
    });
  }

  void read_queries(const std::string& column) {
    for_each_batch(path_, {{column}}, kRowBatch, [&](std::vector<Row>&& rows) {
      throw_if_interrupted();
      for (const Row& row : rows) {
        list_.add_query(tokenizer_, text_of(row[0]), settings_.overlap_words);
      }
    });
  }

  /// With stored hashes where every row has one, else from the pictures.
  void read_pages() {
    if (!read_stored_hashes()) read_images();
  }

  bool read_stored_hashes() {
    if (!file_.has_column("perceptual_hash")) return false;
    const std::vector<Column> columns = {{"perceptual_hash"},
                                         {"text", ColumnType::kString, /*optional=*/true}};
    bool complete = true;
    for_each_batch(path_, columns, kRowBatch, [&](std::vector<Row>&& rows) {
      for (const Row& row : rows) {
        const std::string hash = lower(text_of(row[0]));
        complete = complete && is_hash(hash);
      }
    });
    if (!complete) return false;
    for_each_batch(path_, columns, kRowBatch, [&](std::vector<Row>&& rows) {
      throw_if_interrupted();
      for (const Row& row : rows)
        list_.add_page(parse_hash(lower(text_of(row[0]))), text_of(row[1]));
    });
    return true;
  }

  void read_images() {
    const std::vector<Column> columns = {{"image", ColumnType::kImage},
                                         {"text", ColumnType::kString, /*optional=*/true}};
    int64_t first = 0;
    for_each_batch(path_, columns, kImageBatch, [&](std::vector<Row>&& rows) {
      read_batch(rows, first);
      first += std::ssize(rows);
    });
  }

  void read_batch(const std::vector<Row>& rows, int64_t first) {
    std::vector<std::optional<PerceptualHash>> hashes(rows.size());
    std::vector<uint8_t> wanted(rows.size());
    for (size_t i = 0; i < rows.size(); ++i) wanted[i] = is_new(rows[i][0]) ? 1 : 0;
    parallel_for(rows.size(), settings_.threads, [&](size_t i) {
      throw_if_interrupted();
      if (wanted[i] == 0) return;
      hashes[i] = hash_of(std::get<ImageCell>(rows[i][0]), first + static_cast<int64_t>(i));
    });
    for (size_t i = 0; i < rows.size(); ++i) {
      if (hashes[i]) list_.add_page(*hashes[i], text_of(rows[i][1]));
    }
  }

  /// Question-answer layouts repeat a picture for each of its questions.
  bool is_new(const Cell& cell) {
    const auto* image = std::get_if<ImageCell>(&cell);
    if (image == nullptr) return false;
    if (image->bytes && !image->bytes->empty())
      return seen_.insert(sha256_hex(*image->bytes)).second;
    return image->path && !image->path->empty() && seen_.insert(*image->path).second;
  }

  PerceptualHash hash_of(const ImageCell& cell, int64_t row) const {
    const std::string where = fmt::format("{}: image of row {}", path_.string(), row);
    if (cell.bytes && !cell.bytes->empty()) {
      return perceptual_hash(read_image_bytes(*cell.bytes, where, settings_.limits));
    }
    fs::path file = path_.parent_path() / *cell.path;
    if (!fs::is_regular_file(file)) file = *cell.path;
    if (!fs::is_regular_file(file)) {
      fail(ErrorCode::kBadInput,
           "{}: it has no bytes, and there is no file {} beside the table or here", where,
           *cell.path);
    }
    return perceptual_hash(read_image(file, settings_.limits));
  }

  const fs::path& path_;
  const ExclusionSettings& settings_;
  ExclusionList& list_;
  ParquetFile file_;
  WordTokenizer tokenizer_;
  std::unordered_set<std::string> seen_;
};

bool is_parquet(const fs::path& path) { return path.extension() == ".parquet"; }

/// Of BEIR: a line for each query, {"_id": ..., "text": ...}.
bool is_json_queries(const fs::path& path) {
  return path.extension() == ".jsonl" &&
         path.filename().string().find("queries") != std::string::npos;
}

bool is_set_file(const fs::path& path) { return is_parquet(path) || is_json_queries(path); }

void read_json_queries(const fs::path& path, int overlap_words, ExclusionList& list) {
  WordTokenizer tokenizer;
  for_each_line(path, [&](const std::string& line, const std::string& where) {
    throw_if_interrupted();
    const Json query = parse_json(line, where);
    list.add_query(tokenizer, json_required<std::string>(query, "text", where), overlap_words);
    return true;
  });
}

void read_set_file(const fs::path& path, const ExclusionSettings& settings, ExclusionList& list) {
  if (is_parquet(path)) {
    ExcludedTable(path, settings, list).read();
  } else {
    read_json_queries(path, settings.overlap_words, list);
  }
  ++list.counts.files;
}

[[noreturn]] void fail_for_nothing(const fs::path& path) {
  fail(ErrorCode::kBadInput,
       "{}: nothing to exclude: a folder with Parquet files that have a column image or query is "
       "wanted, or queries.jsonl, or a list of hashes",
       path.string());
}

}  // namespace

QueryPrint query_print(WordTokenizer& tokenizer, std::string_view query, int run_words) {
  QueryPrint print;
  const FoldedText folded(tokenizer, query);
  if (folded.empty()) return print;
  print.whole = text_hash(folded.joined());
  const auto words = lexical_words(tokenizer, spell_out_ligatures(query));
  const auto length = static_cast<size_t>(run_words);
  for (size_t i = 0; i + length <= words.size(); ++i) {
    uint64_t hash = text_hash("");
    for (size_t k = i; k < i + length; ++k) hash = text_hash("\n", text_hash(words[k], hash));
    print.runs.push_back(hash);
  }
  return print;
}

void ExclusionList::add_page(const PerceptualHash& hash, std::string_view text) {
  ++seen;
  if (hash == kUniform) return;
  for (size_t k = 0; k < hash.size(); ++k) hash_planes[k].push_back(hash[k]);
  const auto of_page = word_grams(text);
  page_words.push_back(count_words(text));
  grams.insert(grams.end(), of_page.begin(), of_page.end());
  gram_ends.push_back(grams.size());
}

void ExclusionList::add_document(std::string sha256) {
  ++seen;
  documents.insert(std::move(sha256));
}

void ExclusionList::add_query(WordTokenizer& tokenizer, std::string_view query, int run_words) {
  const QueryPrint print = query_print(tokenizer, query, run_words);
  if (print.whole == 0) return;
  ++seen;
  queries.insert(print.whole);
  runs.insert(print.runs.begin(), print.runs.end());
}

void read_exclusions(const fs::path& path, const ExclusionSettings& settings, ExclusionList& list) {
  const int64_t before = list.seen;
  if (fs::is_directory(path)) {
    // Files may be links, as in the Hugging Face cache.
    for (const fs::path& file : list_files_below(path, {.wanted = is_set_file})) {
      read_set_file(file, settings, list);
    }
  } else if (!fs::exists(path)) {
    fail(ErrorCode::kNotFound, "{}: no such data set or list of hashes to exclude", path.string());
  } else if (is_set_file(path)) {
    read_set_file(path, settings, list);
  } else {
    read_hash_list(path, list);
    ++list.counts.files;
  }
  if (list.seen == before) fail_for_nothing(path);
}

void check_exclusions(const fs::path& path) {
  if (fs::is_directory(path)) {
    if (list_files_below(path, {.wanted = is_set_file}).empty()) fail_for_nothing(path);
  } else if (!fs::exists(path) || !is_parquet(path)) {
    ExclusionList ignored;
    read_exclusions(path, {}, ignored);
  }
}

}  // namespace recto
