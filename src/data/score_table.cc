#include "data/score_table.h"

#include <cmath>

#include "base/error.h"
#include "base/json.h"
#include "data/json_lines.h"
#include "data/parquet.h"

namespace recto {
namespace fs = std::filesystem;
namespace {

const std::vector<Column>& score_columns() {
  static const std::vector<Column> columns = {{"query_id", ColumnType::kString},
                                              {"page_id", ColumnType::kString},
                                              {"score", ColumnType::kDouble}};
  return columns;
}

void check_score(const ScoreRow& row, const std::string& where) {
  if (std::isfinite(row.score)) return;
  fail(ErrorCode::kBadInput, "{}: the score of \"{}\" and \"{}\" is no finite number", where,
       row.query_id, row.page_id);
}

void visit_jsonl(const fs::path& file, const std::function<void(ScoreRow&&)>& visit) {
  for_each_line(file, [&](const std::string& line, const std::string& where) {
    const Json json = parse_json(line, where);
    ScoreRow row{json_required<std::string>(json, "query_id", where),
                 json_required<std::string>(json, "page_id", where),
                 json_required<double>(json, "score", where)};
    check_score(row, where);
    visit(std::move(row));
    return true;
  });
}

void visit_parquet(const fs::path& path, const std::function<void(ScoreRow&&)>& visit) {
  const ParquetFile file(path);
  int64_t number = 0;
  for (int group = 0; group < file.groups(); ++group) {
    for (Row& cells : file.read(group, score_columns())) {
      const std::string where = fmt::format("{} row {}", path.string(), ++number);
      auto* const query = std::get_if<std::string>(cells.data());
      auto* const page = std::get_if<std::string>(&cells[1]);
      const auto* const score = std::get_if<double>(&cells[2]);
      if (query == nullptr || page == nullptr || score == nullptr) {
        fail(ErrorCode::kBadInput, "{}: query_id, page_id or score is null", where);
      }
      ScoreRow row{std::move(*query), std::move(*page), *score};
      check_score(row, where);
      visit(std::move(row));
    }
  }
}

bool first_line_has_scores(const fs::path& file) {
  bool has = false;
  for_each_line(file, [&](const std::string& line, const std::string& where) {
    const Json json = parse_json(line, where);
    has = json.is_object() && json.contains("query_id") && json.contains("page_id");
    return false;
  });
  return has;
}

bool has_score_columns(const fs::path& path) {
  const ParquetFile file(path);
  return file.has_column("query_id") && file.has_column("page_id");
}

}  // namespace

bool is_score_table(const fs::path& file) {
  if (file.extension() == ".jsonl") return first_line_has_scores(file);
  return file.extension() == ".parquet" && has_score_columns(file);
}

void for_each_score(const fs::path& file, const std::function<void(ScoreRow&&)>& visit) {
  if (file.extension() == ".jsonl") return visit_jsonl(file, visit);
  if (file.extension() == ".parquet") return visit_parquet(file, visit);
  fail(ErrorCode::kUsage, "{}: a table of scores ends in .jsonl or .parquet", file.string());
}

}  // namespace recto
