#include <utility>

#include "base/interrupt.h"
#include "base/json.h"
#include "base/utf8.h"
#include "data/json_lines.h"
#include "data/parquet.h"
#include "data/table.h"

namespace recto {
namespace fs = std::filesystem;

namespace {

/// Relative paths are meant beside the table, or else in the working directory.
fs::path resolve(const fs::path& name, const fs::path& table) {
  if (name.is_absolute()) return name;
  const fs::path beside = table.parent_path() / name;
  return fs::exists(beside) ? beside : name;
}

/// Throws Error(kBadInput) when the members do not make one of the kinds of row.
void check_row(const EmbedRow& row) {
  const bool page = row.has_image() || !row.pdf.empty();
  const int parts = (row.query ? 1 : 0) + (row.passage ? 1 : 0) + (page ? 1 : 0);
  const auto refuse = [&](const char* problem) {
    fail(ErrorCode::kBadInput, "{} (id \"{}\"): {}", row.where, row.id, problem);
  };
  if (parts == 0) refuse("none of query, image, pdf and passage is there; one is wanted");
  if (row.passage && parts > 1) refuse("passage stands alone: no query, image or pdf beside it");
  if (row.has_image() && !row.pdf.empty()) refuse("image and pdf are both there; one is wanted");
  if (row.query && !row.pdf.empty()) refuse("query goes with an image, not with a pdf");
  if (row.text && !page) refuse("text goes with an image or a pdf; a text alone is a passage");
  if (row.text && row.query) refuse("text and query are both there; one is wanted");
  if (!row.pdf.empty() && row.page < 1) refuse("page is missing or below 1 (pages count from 1)");
  if (row.pdf.empty() && row.page != 0) refuse("page goes with a pdf");
}

std::string id_text(const Json& value, const std::string& where) {
  if (value.is_number_integer()) return value.dump();
  if (value.is_string()) return value.get<std::string>();
  fail(ErrorCode::kBadInput, "{}: id is missing or neither text nor an integer", where);
}

std::optional<std::string> optional_text(const Json& object, const char* key,
                                         const std::string& where) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return std::nullopt;
  return json_required<std::string>(object, key, where);
}

EmbedRow row_of_json(const Json& object, const fs::path& file, const std::string& where) {
  if (!object.is_object()) fail(ErrorCode::kBadInput, "{}: an object is wanted", where);
  EmbedRow row;
  row.where = where;
  row.id = id_text(object.value("id", Json()), where);
  row.query = optional_text(object, "query", where);
  row.passage = optional_text(object, "passage", where);
  row.text = optional_text(object, "text", where);
  if (const auto image = optional_text(object, "image", where)) {
    row.image_path = resolve(*image, file);
  }
  if (const auto pdf = optional_text(object, "pdf", where)) row.pdf = resolve(*pdf, file);
  row.page = json_optional<int>(object, "page", where, 0);
  check_row(row);
  return row;
}

/// Runs `make`, then visits the row; an error of the row itself goes to `bad_row` if there is one.
template <typename Make>
void visit_row(const Make& make, const std::function<void(EmbedRow&&)>& visit,
               const BadRowHandler& bad_row) {
  throw_if_interrupted();
  std::optional<EmbedRow> row;
  try {
    row = make();
  } catch (const Error& error) {
    if (bad_row == nullptr) throw;
    bad_row(error);
    return;
  }
  visit(std::move(*row));
}

void visit_jsonl(const fs::path& file, const std::function<void(EmbedRow&&)>& visit,
                 const BadRowHandler& bad_row) {
  for_each_line(file, [&](const std::string& line, const std::string& where) {
    visit_row([&] { return row_of_json(parse_json(line, where), file, where); }, visit, bad_row);
    return true;
  });
}

/// The columns of an input table that are there, with the type each is read as.
std::vector<Column> input_columns(const ParquetFile& file, ColumnType id_type) {
  const std::vector<Column> known = {
      {"id", id_type},
      {"query", ColumnType::kString},
      {"passage", ColumnType::kString},
      {"text", ColumnType::kString},
      {"image", ColumnType::kImage},
      {"pdf", ColumnType::kString},
      {"page", ColumnType::kInt32},
  };
  std::vector<Column> present;
  for (const Column& column : known) {
    if (column.name == "id" || file.has_column(column.name)) present.push_back(column);
  }
  return present;
}

std::string row_text(const Cell& cell, const std::string& column, const std::string& where) {
  const std::string& text = std::get<std::string>(cell);
  if (!is_valid_utf8(text)) {
    fail(ErrorCode::kBadInput, "{}: column \"{}\" is not UTF-8", where, column);
  }
  return text;
}

void set_image(EmbedRow& row, ImageCell image, const fs::path& file) {
  if (image.bytes && !image.bytes->empty()) {
    row.image_bytes = std::move(*image.bytes);
  } else if (image.path && !image.path->empty()) {
    row.image_path = resolve(*image.path, file);
  } else {
    fail(ErrorCode::kBadInput, "{}: the image has neither bytes nor a path", row.where);
  }
}

void set_text(EmbedRow& row, const std::string& name, std::string text, const fs::path& file) {
  if (name == "id") {
    row.id = std::move(text);
  } else if (name == "query") {
    row.query = std::move(text);
  } else if (name == "passage") {
    row.passage = std::move(text);
  } else if (name == "text") {
    row.text = std::move(text);
  } else {
    row.pdf = resolve(text, file);
  }
}

EmbedRow row_of_cells(const std::vector<Column>& columns, Row&& cells, const fs::path& file,
                      const std::string& where) {
  EmbedRow row;
  row.where = where;
  for (size_t i = 0; i < columns.size(); ++i) {
    const std::string& name = columns[i].name;
    Cell& cell = cells[i];
    if (std::holds_alternative<std::monostate>(cell)) {
      if (name == "id") fail(ErrorCode::kBadInput, "{}: id is null", where);
      continue;
    }
    if (name == "image") {
      set_image(row, std::move(std::get<ImageCell>(cell)), file);
    } else if (name == "page") {
      row.page = static_cast<int>(std::get<int64_t>(cell));
    } else if (const auto* number = std::get_if<int64_t>(&cell)) {
      row.id = std::to_string(*number);
    } else {
      set_text(row, name, row_text(cell, name, where), file);
    }
  }
  check_row(row);
  return row;
}

void visit_parquet(const fs::path& path, const std::function<void(EmbedRow&&)>& visit,
                   const BadRowHandler& bad_row) {
  const ParquetFile file(path);
  const auto columns =
      input_columns(file, file.column_is_integer("id") ? ColumnType::kInt64 : ColumnType::kString);
  int64_t number = 0;
  for (int group = 0; group < file.groups(); ++group) {
    for (Row& cells : file.read(group, columns)) {
      const std::string where = fmt::format("{} row {}", path.string(), ++number);
      visit_row([&] { return row_of_cells(columns, std::move(cells), path, where); }, visit,
                bad_row);
    }
  }
}

}  // namespace

void for_each_embed_row(const fs::path& file, const std::function<void(EmbedRow&&)>& visit,
                        const BadRowHandler& bad_row) {
  if (file.extension() == ".jsonl") return visit_jsonl(file, visit, bad_row);
  if (file.extension() == ".parquet") return visit_parquet(file, visit, bad_row);
  fail(ErrorCode::kUsage, "{}: an input table ends in .jsonl or .parquet", file.string());
}

}  // namespace recto
