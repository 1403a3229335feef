#include "data/dataset_info.h"

#include <algorithm>
#include <map>
#include <set>

#include "data/dataset.h"
#include "data/dataset_id.h"
#include "data/table_scan.h"

namespace recto {
namespace fs = std::filesystem;

namespace {

using Counts = std::map<std::string, int64_t>;

void count(Counts& counts, const std::string& value) { ++counts[value.empty() ? "none" : value]; }

Json spread(std::vector<int>& values) {
  if (values.empty()) return nullptr;
  std::sort(values.begin(), values.end());
  return {{"min", values.front()}, {"median", values[values.size() / 2]}, {"max", values.back()}};
}

Json table_sizes(const fs::path& directory) {
  Json tables = Json::object();
  for (const std::string& table : table_names()) {
    for (const std::string& split : list_splits(directory / table)) {
      int64_t rows = 0;
      int64_t bytes = 0;
      const auto files = list_shards(directory / table, split);
      for (const fs::path& file : files) {
        rows += ParquetFile(file).rows();
        bytes += static_cast<int64_t>(fs::file_size(file));
      }
      tables[table][split] = {{"rows", rows}, {"files", files.size()}, {"bytes", bytes}};
    }
  }
  return tables;
}

Json document_facts(const fs::path& directory) {
  Counts licences;
  Counts languages;
  std::map<std::string, std::set<std::string>> families;
  for (const std::string& split : list_splits(directory / Table<DocumentRow>::kName)) {
    scan_table<DocumentRow>(directory, split, [&](DocumentRow&& row) {
      count(licences, row.licence);
      count(languages, row.language);
      families[split].insert(row.family);
    });
  }
  Json by_split = Json::object();
  for (const auto& [split, names] : families) by_split[split] = names.size();
  return {{"families", by_split}, {"licences", licences}, {"languages", languages}};
}

Json page_facts(const fs::path& directory) {
  Counts languages;
  Counts classes;
  Counts sources;
  std::set<std::string> groups;
  std::vector<int> widths;
  std::vector<int> heights;
  const std::vector<Column> columns = {
      {"language", ColumnType::kString},    {"content_class", ColumnType::kString},
      {"text_source", ColumnType::kString}, {"near_group", ColumnType::kString},
      {"width", ColumnType::kInt32},        {"height", ColumnType::kInt32}};
  const auto text = [](const Cell& cell) {
    const auto* value = std::get_if<std::string>(&cell);
    return value == nullptr ? std::string() : *value;
  };
  const auto number = [](const Cell& cell) {
    const auto* value = std::get_if<int64_t>(&cell);
    return value == nullptr ? 0 : static_cast<int>(*value);
  };
  for (const std::string& split : list_splits(directory / Table<PageRow>::kName)) {
    for (const fs::path& file : list_shards(directory / Table<PageRow>::kName, split)) {
      for_each_batch(file, columns, kRowBatch, [&](std::vector<Row>&& rows) {
        throw_if_interrupted();
        for (const Row& row : rows) {
          count(languages, text(row[0]));
          count(classes, text(row[1]));
          count(sources, text(row[2]));
          if (const std::string group = text(row[3]); !group.empty()) groups.insert(group);
          widths.push_back(number(row[4]));
          heights.push_back(number(row[5]));
        }
      });
    }
  }
  return {{"languages", languages},  {"content_classes", classes},
          {"text_sources", sources}, {"near_groups", groups.size()},
          {"width", spread(widths)}, {"height", spread(heights)}};
}

Json query_facts(const fs::path& directory) {
  Counts languages;
  Counts kinds;
  Counts methods;
  for (const std::string& split : list_splits(directory / Table<QueryRow>::kName)) {
    scan_table<QueryRow>(directory, split, [&](QueryRow&& row) {
      count(languages, row.language);
      count(kinds, row.kind);
      count(methods,
            row.generator_version.empty() ? row.method : row.method + " " + row.generator_version);
    });
  }
  return {{"languages", languages}, {"kinds", kinds}, {"methods", methods}};
}

Json audit_facts(const fs::path& directory) {
  std::map<std::string, Counts> stages;
  for (const std::string& split : list_splits(directory / Table<AuditRow>::kName)) {
    scan_table<AuditRow>(directory, split,
                         [&](AuditRow&& row) { count(stages[row.stage], row.decision); });
  }
  return stages;
}

/// Rows of `table` for each query, over all splits.
double per_query(const Json& tables, const char* table) {
  const auto total = [&](const char* name) {
    int64_t rows = 0;
    if (!tables.contains(name)) return rows;
    for (const auto& [split, facts] : tables.at(name).items()) rows += facts.at("rows").get<int>();
    return rows;
  };
  const int64_t queries = total(Table<QueryRow>::kName);
  return queries == 0 ? 0 : static_cast<double>(total(table)) / static_cast<double>(queries);
}

std::string counts_line(const char* label, const Json& counts) {
  std::vector<std::pair<int64_t, std::string>> sorted;
  for (const auto& [value, rows] : counts.items()) sorted.emplace_back(-rows.get<int64_t>(), value);
  std::sort(sorted.begin(), sorted.end());
  std::string out = fmt::format("  {:<14}", label);
  for (size_t i = 0; i < sorted.size(); ++i) {
    out += fmt::format("{}{} {}", i == 0 ? " " : ", ", sorted[i].second, -sorted[i].first);
  }
  return sorted.empty() ? std::string() : out + "\n";
}

std::string size_text(int64_t bytes) {
  if (bytes < 1'000'000) return fmt::format("{:.1f} kB", static_cast<double>(bytes) / 1e3);
  if (bytes < 1'000'000'000) return fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6);
  return fmt::format("{:.1f} GB", static_cast<double>(bytes) / 1e9);
}

}  // namespace

Json dataset_info(const fs::path& directory) {
  const Dataset dataset = Dataset::open(directory);
  const Json& manifest = dataset.manifest();
  Json info;
  info["path"] = directory.string();
  info["dataset"] = manifest.contains("tables") ? Json(dataset_id(manifest)) : Json();
  info["tables"] = table_sizes(directory);
  info["documents"] = document_facts(directory);
  info["pages"] = page_facts(directory);
  info["queries"] = query_facts(directory);
  info["answers_per_query"] = per_query(info["tables"], Table<QrelRow>::kName);
  info["negatives_per_query"] = per_query(info["tables"], Table<NegativeRow>::kName);
  info["audit"] = audit_facts(directory);
  for (const char* key : {"settings", "tools", "stages", "reviews", "forgotten", "scanned"}) {
    info[key] = manifest.value(key, Json());
  }
  return info;
}

std::string describe_dataset(const Json& info) {
  std::string out = info.at("path").get<std::string>() + "\n";
  for (const auto& [table, splits] : info.at("tables").items()) {
    for (const auto& [split, facts] : splits.items()) {
      out +=
          fmt::format("{:<10} {:<11} {:>9} rows {:>10} in {} file{}\n", table, split,
                      facts.at("rows").get<int64_t>(), size_text(facts.at("bytes").get<int64_t>()),
                      facts.at("files").get<int>(), facts.at("files") == 1 ? "" : "s");
    }
  }
  const Json& documents = info.at("documents");
  out += "documents\n" + counts_line("families", documents.at("families")) +
         counts_line("licences", documents.at("licences")) +
         counts_line("languages", documents.at("languages"));
  const Json& pages = info.at("pages");
  out += "pages\n" + counts_line("languages", pages.at("languages")) +
         counts_line("classes", pages.at("content_classes")) +
         counts_line("text from", pages.at("text_sources"));
  for (const char* side : {"width", "height"}) {
    const Json& range = pages.at(side);
    if (range.is_null()) continue;
    out += fmt::format("  {:<14} {} to {}, median {} pixels\n", side, range.at("min").get<int>(),
                       range.at("max").get<int>(), range.at("median").get<int>());
  }
  const Json& queries = info.at("queries");
  out += "queries\n" + counts_line("languages", queries.at("languages")) +
         counts_line("kinds", queries.at("kinds")) + counts_line("methods", queries.at("methods"));
  out += fmt::format("  {:.2f} answers and {:.2f} negatives a query\n",
                     info.at("answers_per_query").get<double>(),
                     info.at("negatives_per_query").get<double>());
  for (const char* key : {"settings", "tools"}) {
    if (!info.at(key).is_null()) out += fmt::format("{} {}\n", key, dump_json(info.at(key)));
  }
  if (!info.at("dataset").is_null()) {
    out += fmt::format("dataset id {}\n", info.at("dataset").get<std::string>());
  }
  return out;
}

}  // namespace recto
