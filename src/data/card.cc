#include "data/card.h"

#include <utility>

#include "base/error.h"
#include "base/json.h"

namespace recto {

namespace {

/// A JSON string is a YAML string, whatever it holds.
std::string yaml_text(const std::string& text) { return dump_json(Json(text)); }

std::string size_category(int64_t rows) {
  static constexpr std::pair<int64_t, const char*> kBounds[] = {{1'000, "n<1K"},
                                                                {10'000, "1K<n<10K"},
                                                                {100'000, "10K<n<100K"},
                                                                {1'000'000, "100K<n<1M"},
                                                                {10'000'000, "1M<n<10M"},
                                                                {100'000'000, "10M<n<100M"},
                                                                {1'000'000'000, "100M<n<1B"}};
  for (const auto& [bound, name] : kBounds) {
    if (rows < bound) return name;
  }
  return "n>1B";
}

std::string feature_lines(const Column& column) {
  const auto one = [&](const char* dtype) {
    return fmt::format("  - name: {}\n    dtype: {}\n", column.name, dtype);
  };
  const auto list = [&](const char* dtype) {
    return fmt::format("  - name: {}\n    sequence: {}\n", column.name, dtype);
  };
  switch (column.type) {
    case ColumnType::kString:
      return one("string");
    case ColumnType::kInt32:
      return one("int32");
    case ColumnType::kInt64:
      return one("int64");
    case ColumnType::kFloat:
      return one("float32");
    case ColumnType::kDouble:
      return one("float64");
    case ColumnType::kImage:
      return one("image");
    case ColumnType::kStringList:
      return list("string");
    case ColumnType::kFloatList:
      return list("float32");
    case ColumnType::kInt32List:
      return list("int32");
  }
  return {};
}

std::string list_lines(const char* key, const std::set<std::string>& items) {
  if (items.empty()) return {};
  std::string out = fmt::format("{}:\n", key);
  for (const std::string& item : items) out += fmt::format("- {}\n", yaml_text(item));
  return out;
}

std::string licence_lines(const std::set<std::string>& licences) {
  if (licences.empty()) return "license: unknown\n";
  std::string names;
  for (const std::string& licence : licences) names += (names.empty() ? "" : ", ") + licence;
  return fmt::format("license: other\nlicense_name: {}\n", yaml_text(names));
}

std::string config_lines(const CardTable& table) {
  std::string out = fmt::format("- config_name: {}\n", table.name);
  if (table.is_default) out += "  default: true\n";
  out += "  data_files:\n";
  for (const CardSplit& split : table.splits) {
    out += fmt::format("  - split: {}\n    path: {}/{}-*.parquet\n", split.name,
                       table.folder.empty() ? table.name : table.folder, split.name);
  }
  return out;
}

std::string info_lines(const CardTable& table) {
  std::string out = fmt::format("- config_name: {}\n  features:\n", table.name);
  for (const Column& column : table.columns) out += feature_lines(column);
  out += "  splits:\n";
  int64_t download = 0;
  int64_t values = 0;
  for (const CardSplit& split : table.splits) {
    out += fmt::format("  - name: {}\n    num_bytes: {}\n    num_examples: {}\n", split.name,
                       split.value_bytes, split.rows);
    download += split.file_bytes;
    values += split.value_bytes;
  }
  return out + fmt::format("  download_size: {}\n  dataset_size: {}\n", download, values);
}

}  // namespace

std::string dataset_card(const CardFacts& facts, const std::string& body) {
  std::string out = "---\n";
  out += list_lines("language", facts.languages);
  out += licence_lines(facts.licences);
  out += "tags:\n- recto\n- document-retrieval\n";
  if (facts.languages.size() == 1) out += "multilinguality:\n- monolingual\n";
  if (facts.languages.size() > 1) out += "multilinguality:\n- multilingual\n";
  out += fmt::format("size_categories:\n- {}\n", size_category(facts.pages));
  out += "task_categories:\n- visual-document-retrieval\n";
  out += "configs:\n";
  for (const CardTable& table : facts.tables) out += config_lines(table);
  out += "dataset_info:\n";
  for (const CardTable& table : facts.tables) out += info_lines(table);
  return out + "---\n\n" + body;
}

}  // namespace recto
