#include "data/dataset_rewrite.h"

#include <algorithm>

#include "base/file.h"
#include "base/progress.h"
#include "data/table_scan.h"

namespace recto {
namespace fs = std::filesystem;

namespace {

void check_no_other_columns(const fs::path& directory) {
  for (const std::string& table : table_names()) {
    const auto known = table_columns(table);
    for (const std::string& split : list_splits(directory / table)) {
      for (const fs::path& file : list_shards(directory / table, split)) {
        for (const std::string& name : ParquetFile(file).column_names()) {
          if (std::any_of(known.begin(), known.end(),
                          [&](const Column& column) { return column.name == name; })) {
            continue;
          }
          fail(ErrorCode::kUnsupported,
               "{}: the column \"{}\" is none of recto's and would be lost; remove it first",
               file.string(), name);
        }
      }
    }
  }
}

template <typename R>
void copy_table(const fs::path& directory, DatasetWriter& writer,
                const std::function<bool(const std::string&, R&)>& keep) {
  for (const std::string& split : list_splits(directory / Table<R>::kName)) {
    scan_table<R>(directory, split, [&](R&& row) {
      if (!keep || keep(split, row)) writer.add(split, row);
    });
  }
}

/// A few at a time, since each has a picture.
void copy_pages(const fs::path& directory, DatasetWriter& writer, const RewriteRules& rules) {
  const fs::path folder = directory / Table<PageRow>::kName;
  for (const std::string& split : list_splits(folder)) {
    const auto copy = [&](std::vector<Row>&& rows) {
      throw_if_interrupted();
      std::vector<PageRow> pages;
      pages.reserve(rows.size());
      for (Row& row : rows) pages.push_back(Table<PageRow>::from_row(std::move(row)));
      if (rules.pages) rules.pages(split, pages);
      for (PageRow& page : pages) {
        if (!rules.page || rules.page(split, page)) writer.add(split, page);
      }
    };
    for (const fs::path& file : list_shards(folder, split)) {
      for_each_batch(file, Table<PageRow>::columns(), kImageBatch, copy);
    }
  }
}

}  // namespace

void rewrite_tables(const fs::path& directory, const RewriteRules& rules, DatasetWriter& writer) {
  check_no_other_columns(directory);
  copy_table<DocumentRow>(directory, writer, rules.document);
  copy_pages(directory, writer, rules);
  copy_table<QueryRow>(directory, writer, rules.query);
  copy_table<QrelRow>(directory, writer, rules.qrel);
  copy_table<NegativeRow>(directory, writer, rules.negative);
  copy_table<AuditRow>(directory, writer, rules.audit);
}

std::string card_body_of(const fs::path& directory) {
  const fs::path path = directory / "README.md";
  if (!fs::exists(path)) return {};
  std::string text = read_file(path);
  if (!text.starts_with("---\n")) return text;
  const size_t end = text.find("\n---\n", 3);
  if (end == std::string::npos) return text;
  text.erase(0, end + 5);
  return text.starts_with("\n") ? text.substr(1) : text;
}

std::string with_change(std::string body, const std::string& line) {
  if (!body.empty() && body.back() != '\n') body += '\n';
  if (body.find("\n## Changes\n") == std::string::npos) body += "\n## Changes\n\n";
  return body + "- " + line + "\n";
}

}  // namespace recto
