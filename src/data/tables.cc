#include "data/tables.h"

#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "page/decode.h"

namespace recto {

namespace {

/// Takes the cells of a row one after another.
class Cells {
 public:
  explicit Cells(Row&& row) : row_(std::move(row)) {}

  std::string text() {
    auto* value = std::get_if<std::string>(&row_[next_++]);
    return value == nullptr ? std::string() : std::move(*value);
  }
  int64_t integer() {
    const auto* value = std::get_if<int64_t>(&row_[next_++]);
    return value == nullptr ? 0 : *value;
  }
  double number() {
    const auto* value = std::get_if<double>(&row_[next_++]);
    return value == nullptr ? 0 : *value;
  }
  template <typename List>
  List list() {
    auto* value = std::get_if<List>(&row_[next_++]);
    return value == nullptr ? List() : std::move(*value);
  }
  std::string image() {
    auto* value = std::get_if<ImageCell>(&row_[next_++]);
    return value == nullptr || !value->bytes ? std::string() : std::move(*value->bytes);
  }

 private:
  Row row_;
  size_t next_ = 0;
};

Cell integer_cell(int value) { return int64_t{value}; }

Cell image_cell(const PageRow& row) {
  if (row.image.empty()) return std::monostate{};
  const std::string format = image_format(as_bytes(row.image));
  const std::string ending = format == "jpeg" || format.empty() ? "jpg" : format;
  return ImageCell{row.image, row.page_id + "." + ending};
}

constexpr ColumnType kText = ColumnType::kString;
constexpr ColumnType kInt = ColumnType::kInt32;
constexpr bool kMayLack = true;  ///< datasets of other tools do without it

}  // namespace

std::vector<Column> Table<DocumentRow>::columns() {
  return {{"document_id", kText},   {"source_name", kText}, {"title", kText}, {"licence", kText},
          {"url", kText, kMayLack}, {"producer", kText},    {"pages", kInt},  {"language", kText},
          {"family", kText},        {"split", kText}};
}

Row Table<DocumentRow>::to_row(const DocumentRow& row) {
  return {row.document_id, row.source_name,         row.title,    row.licence, row.url,
          row.producer,    integer_cell(row.pages), row.language, row.family,  row.split};
}

DocumentRow Table<DocumentRow>::from_row(Row&& row) {
  Cells cells(std::move(row));
  DocumentRow out;
  out.document_id = cells.text();
  out.source_name = cells.text();
  out.title = cells.text();
  out.licence = cells.text();
  out.url = cells.text();
  out.producer = cells.text();
  out.pages = static_cast<int>(cells.integer());
  out.language = cells.text();
  out.family = cells.text();
  out.split = cells.text();
  return out;
}

std::vector<Column> Table<PageRow>::columns(bool with_image) {
  std::vector<Column> columns = {{"page_id", kText}, {"document_id", kText}, {"page_number", kInt}};
  if (with_image) columns.push_back({"image", ColumnType::kImage});
  const std::vector<Column> rest = {
      {"width", kInt}, {"height", kInt}, {"text", kText}, {"text_source", kText}};
  columns.insert(columns.end(), rest.begin(), rest.end());
  if (with_image) {
    columns.push_back({"words", ColumnType::kStringList, kMayLack});
    columns.push_back({"word_boxes", ColumnType::kFloatList, kMayLack});
  }
  const std::vector<Column> last = {{"language", kText},
                                    {"language_confidence", ColumnType::kFloat, kMayLack},
                                    {"content_class", kText},
                                    {"perceptual_hash", kText},
                                    {"near_group", kText}};
  columns.insert(columns.end(), last.begin(), last.end());
  return columns;
}

Row Table<PageRow>::to_row(const PageRow& row) {
  return {row.page_id,
          row.document_id,
          integer_cell(row.page_number),
          image_cell(row),
          integer_cell(row.width),
          integer_cell(row.height),
          row.text,
          row.text_source,
          row.words,
          row.word_boxes,
          row.language,
          static_cast<double>(row.language_confidence),
          row.content_class,
          row.perceptual_hash,
          row.near_group};
}

PageRow Table<PageRow>::from_row(Row&& row, bool with_image) {
  Cells cells(std::move(row));
  PageRow out;
  out.page_id = cells.text();
  out.document_id = cells.text();
  out.page_number = static_cast<int>(cells.integer());
  if (with_image) out.image = cells.image();
  out.width = static_cast<int>(cells.integer());
  out.height = static_cast<int>(cells.integer());
  out.text = cells.text();
  out.text_source = cells.text();
  if (with_image) {
    out.words = cells.list<std::vector<std::string>>();
    out.word_boxes = cells.list<std::vector<float>>();
  }
  out.language = cells.text();
  out.language_confidence = static_cast<float>(cells.number());
  out.content_class = cells.text();
  out.perceptual_hash = cells.text();
  out.near_group = cells.text();
  return out;
}

std::vector<Column> Table<QueryRow>::columns() {
  return {{"query_id", kText}, {"query", kText},  {"language", kText},
          {"kind", kText},     {"method", kText}, {"generator_version", kText}};
}

Row Table<QueryRow>::to_row(const QueryRow& row) {
  return {row.query_id, row.query, row.language, row.kind, row.method, row.generator_version};
}

QueryRow Table<QueryRow>::from_row(Row&& row) {
  Cells cells(std::move(row));
  QueryRow out;
  out.query_id = cells.text();
  out.query = cells.text();
  out.language = cells.text();
  out.kind = cells.text();
  out.method = cells.text();
  out.generator_version = cells.text();
  return out;
}

std::vector<Column> Table<QrelRow>::columns() {
  return {{"query_id", kText}, {"page_id", kText}, {"score", kInt}};
}

Row Table<QrelRow>::to_row(const QrelRow& row) {
  return {row.query_id, row.page_id, integer_cell(row.score)};
}

QrelRow Table<QrelRow>::from_row(Row&& row) {
  Cells cells(std::move(row));
  QrelRow out;
  out.query_id = cells.text();
  out.page_id = cells.text();
  out.score = static_cast<int>(cells.integer());
  return out;
}

std::vector<Column> Table<NegativeRow>::columns() {
  return {{"query_id", kText},
          {"page_id", kText},
          {"rank", kInt},
          {"score", ColumnType::kFloat},
          {"miner", kText}};
}

Row Table<NegativeRow>::to_row(const NegativeRow& row) {
  return {row.query_id, row.page_id, integer_cell(row.rank), double{row.score}, row.miner};
}

NegativeRow Table<NegativeRow>::from_row(Row&& row) {
  Cells cells(std::move(row));
  NegativeRow out;
  out.query_id = cells.text();
  out.page_id = cells.text();
  out.rank = static_cast<int>(cells.integer());
  out.score = static_cast<float>(cells.number());
  out.miner = cells.text();
  return out;
}

std::vector<Column> Table<AuditRow>::columns() {
  return {{"item", kText},
          {"stage", kText},
          {"decision", kText},
          {"reason", kText},
          {"score", ColumnType::kDouble},
          {"threshold", ColumnType::kDouble}};
}

Row Table<AuditRow>::to_row(const AuditRow& row) {
  return {row.item, row.stage, row.decision, row.reason, row.score, row.threshold};
}

AuditRow Table<AuditRow>::from_row(Row&& row) {
  Cells cells(std::move(row));
  AuditRow out;
  out.item = cells.text();
  out.stage = cells.text();
  out.decision = cells.text();
  out.reason = cells.text();
  out.score = cells.number();
  out.threshold = cells.number();
  return out;
}

std::vector<std::string> table_names() {
  return {Table<DocumentRow>::kName, Table<PageRow>::kName,     Table<QueryRow>::kName,
          Table<QrelRow>::kName,     Table<NegativeRow>::kName, Table<AuditRow>::kName};
}

std::vector<Column> table_columns(const std::string& table) {
  if (table == Table<DocumentRow>::kName) return Table<DocumentRow>::columns();
  if (table == Table<PageRow>::kName) return Table<PageRow>::columns();
  if (table == Table<QueryRow>::kName) return Table<QueryRow>::columns();
  if (table == Table<QrelRow>::kName) return Table<QrelRow>::columns();
  if (table == Table<NegativeRow>::kName) return Table<NegativeRow>::columns();
  RECTO_CHECK(table == Table<AuditRow>::kName);
  return Table<AuditRow>::columns();
}

}  // namespace recto
