#include "data/text_pairs.h"

#include <fmt/ranges.h>

#include <iterator>
#include <regex>
#include <utility>

#include "base/interrupt.h"
#include "base/json.h"
#include "base/utf8.h"
#include "data/json_lines.h"
#include "data/parquet.h"
#include "data/unread_fields.h"

namespace recto {
namespace fs = std::filesystem;

namespace {

constexpr const char* kColumns[] = {"query", "passage", "language", "negatives"};

void check_text(const std::string& text, const char* field, const std::string& where) {
  if (text.find_first_not_of(" \t\r\n\f\v") == std::string::npos) {
    fail(ErrorCode::kBadInput, "{}: {} is missing or blank; a text is wanted", where, field);
  }
  if (!is_valid_utf8(text)) fail(ErrorCode::kBadInput, "{}: {} is not UTF-8", where, field);
}

void check_pair(const TextPair& pair) {
  static const std::regex tag("[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*");
  check_text(pair.query, "query", pair.where);
  check_text(pair.passage, "passage", pair.where);
  for (const std::string& negative : pair.negatives) check_text(negative, "negatives", pair.where);
  if (!pair.language.empty() && !std::regex_match(pair.language, tag)) {
    fail(ErrorCode::kBadInput, "{}: language is \"{}\"; a language tag like \"en\" is wanted",
         pair.where, pair.language);
  }
}

TextPair pair_of_json(const Json& object, const std::string& where) {
  TextPair pair;
  pair.where = where;
  pair.query = json_required<std::string>(object, "query", where);
  pair.passage = json_required<std::string>(object, "passage", where);
  pair.language = json_optional<std::string>(object, "language", where, "");
  pair.negatives = json_optional<std::vector<std::string>>(object, "negatives", where, {});
  return pair;
}

/// The columns to read of a Parquet file, in the order of kColumns.
std::vector<Column> columns_of(const ParquetFile& file) {
  for (const char* name : {"query", "passage"}) {
    if (file.has_column(name)) continue;
    fail(ErrorCode::kBadInput,
         "{}: column \"{}\" is missing; it has {}, and query and passage are wanted",
         file.path().string(), name, fmt::join(file.column_names(), ", "));
  }
  return {{kColumns[0], ColumnType::kString},
          {kColumns[1], ColumnType::kString},
          {kColumns[2], ColumnType::kString, /*optional=*/true},
          {kColumns[3], ColumnType::kStringList, /*optional=*/true}};
}

template <typename T>
T value_or_empty(Cell& cell) {
  T* value = std::get_if<T>(&cell);
  return value == nullptr ? T() : std::move(*value);
}

TextPair pair_of_cells(Row&& cells, std::string where) {
  TextPair pair;
  pair.where = std::move(where);
  pair.query = value_or_empty<std::string>(cells[0]);
  pair.passage = value_or_empty<std::string>(cells[1]);
  pair.language = value_or_empty<std::string>(cells[2]);
  pair.negatives = value_or_empty<std::vector<std::string>>(cells[3]);
  return pair;
}

UnreadFields unread_fields() { return UnreadFields({std::begin(kColumns), std::end(kColumns)}); }

void visit_jsonl(const fs::path& path, const std::function<void(TextPair&&)>& visit) {
  UnreadFields unread = unread_fields();
  for_each_line(path, [&](const std::string& line, const std::string& where) {
    throw_if_interrupted();
    const Json object = parse_json(line, where);
    TextPair pair = pair_of_json(object, where);
    check_pair(pair);
    for (const auto& [key, value] : object.items()) unread.see(key, where);
    visit(std::move(pair));
    return true;
  });
  unread.warn(path.string(), "keys");
}

void visit_parquet(const fs::path& path, const std::function<void(TextPair&&)>& visit) {
  const ParquetFile file(path);
  const std::vector<Column> columns = columns_of(file);
  UnreadFields unread = unread_fields();
  for (const std::string& name : file.column_names()) unread.see(name, "");
  unread.warn(path.string(), "columns");
  int64_t number = 0;
  for (int group = 0; group < file.groups(); ++group) {
    throw_if_interrupted();
    for (Row& cells : file.read(group, columns)) {
      TextPair pair =
          pair_of_cells(std::move(cells), fmt::format("{} row {}", path.string(), ++number));
      check_pair(pair);
      visit(std::move(pair));
    }
  }
}

}  // namespace

bool is_text_pairs_path(const fs::path& file) {
  return file.extension() == ".jsonl" || file.extension() == ".parquet";
}

void for_each_text_pair(const fs::path& file, const std::function<void(TextPair&&)>& visit) {
  if (file.extension() == ".jsonl") return visit_jsonl(file, visit);
  if (file.extension() == ".parquet") return visit_parquet(file, visit);
  fail(ErrorCode::kUsage, "{}: a file of text pairs ends in .jsonl or .parquet", file.string());
}

}  // namespace recto
