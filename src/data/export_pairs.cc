// Layouts of one row for each query and page that answers it, images within.
#include <algorithm>

#include "base/interrupt.h"
#include "base/progress.h"
#include "data/export_source.h"

namespace recto {

namespace {

constexpr const char* kDefault = "default";
constexpr const char* kFolder = "data";

std::vector<ExportSplit> load_splits(const ExportJob& job) {
  std::vector<ExportSplit> splits;
  splits.reserve(job.splits.size());
  for (const std::string& name : job.splits) splits.push_back(load_export_split(job.dataset, name));
  return splits;
}

size_t negative_columns(const std::vector<ExportSplit>& splits, size_t most) {
  size_t columns = 0;
  for (const ExportSplit& split : splits) columns = std::max(columns, split.most_negatives(most));
  return columns;
}

uint64_t count_queries(const std::vector<ExportSplit>& splits) {
  uint64_t queries = 0;
  for (const ExportSplit& split : splits) queries += split.queries.size();
  return queries;
}

/// Appends null cells or images of negatives until there are `columns`.
void append_negatives(const Dataset& dataset, const std::string& split,
                      const std::vector<std::string>& pages, size_t columns, Row& row) {
  for (size_t i = 0; i < columns; ++i) {
    row.push_back(i < pages.size() ? image_cell(pages[i], dataset.image(split, pages[i])) : Cell());
  }
}

}  // namespace

std::vector<CardTable> export_ogc(ExportJob& job) {
  const std::vector<ExportSplit> splits = load_splits(job);
  const size_t negatives = negative_columns(splits, job.negatives);
  std::vector<Column> columns = {{"id"}, {"query"}, {"image", ColumnType::kImage}, {"language"}};
  for (size_t i = 0; i < negatives; ++i) {
    columns.push_back({fmt::format("negative_image_{}", i), ColumnType::kImage});
  }
  ExportTables tables(job.directory);
  tables.declare(kDefault, kFolder, columns);
  Progress progress("export", count_queries(splits));
  for (const ExportSplit& split : splits) {
    for (const QueryRow& query : split.queries) {
      throw_if_interrupted();
      const auto chosen = split.negatives_of(query.query_id, negatives);
      int answer = 0;
      for (const std::string& page : split.answers(query.query_id)) {
        const std::string id =
            ++answer == 1 ? query.query_id : fmt::format("{}-{}", query.query_id, answer);
        Row row = {id, query.query, image_cell(page, job.dataset.image(split.name, page)),
                   query.language};
        append_negatives(job.dataset, split.name, chosen, negatives, row);
        tables.append(kDefault, split.name, row);
      }
      progress.advance();
    }
    job.counts[split.name] = {{"rows", tables.rows(kDefault, split.name)},
                              {"queries", split.queries.size()},
                              {"negative_columns", negatives}};
  }
  return tables.finish();
}

std::vector<CardTable> export_sentence_transformers(ExportJob& job) {
  const std::vector<ExportSplit> splits = load_splits(job);
  const size_t negatives = negative_columns(splits, job.negatives);
  std::vector<Column> columns = {{"anchor"}, {"positive", ColumnType::kImage}};
  for (size_t i = 1; i <= negatives; ++i) {
    columns.push_back({fmt::format("negative_{}", i), ColumnType::kImage});
  }
  ExportTables tables(job.directory);
  tables.declare(kDefault, kFolder, columns);
  Progress progress("export", count_queries(splits));
  for (const ExportSplit& split : splits) {
    int64_t left_out = 0;
    int64_t repeated = 0;
    for (const QueryRow& query : split.queries) {
      throw_if_interrupted();
      progress.advance();
      auto chosen = split.negatives_of(query.query_id, negatives);
      const auto answers = split.answers(query.query_id);
      // The trainer wants every column filled: a query with fewer negatives gives them again.
      if (chosen.empty() && negatives > 0) {
        left_out += std::ssize(answers);
        continue;
      }
      if (chosen.size() < negatives) repeated += std::ssize(answers);
      for (size_t i = 0; chosen.size() < negatives; ++i) chosen.push_back(chosen[i]);
      for (const std::string& page : answers) {
        Row row = {query.query, image_cell(page, job.dataset.image(split.name, page))};
        append_negatives(job.dataset, split.name, chosen, negatives, row);
        tables.append(kDefault, split.name, row);
      }
    }
    job.counts[split.name] = {{"rows", tables.rows(kDefault, split.name)},
                              {"queries", split.queries.size()},
                              {"negative_columns", negatives},
                              {"rows_with_repeated_negatives", repeated},
                              {"pairs_left_out_without_negatives", left_out}};
  }
  return tables.finish();
}

std::vector<CardTable> export_vidore(ExportJob& job) {
  ExportTables tables(job.directory);
  tables.declare(kDefault, kFolder,
                 {{"query"},
                  {"image", ColumnType::kImage},
                  {"image_filename"},
                  {"source"},
                  {"page"},
                  {"language"}});
  for (const std::string& name : job.splits) {
    const ExportSplit split = load_export_split(job.dataset, name);
    std::unordered_map<std::string, std::vector<const QueryRow*>> answered;
    for (const QueryRow& query : split.queries) {
      for (const std::string& page : split.answers(query.query_id))
        answered[page].push_back(&query);
    }
    std::unordered_map<std::string, std::string> sources;
    for (DocumentRow& row : job.dataset.documents(name)) {
      sources[row.document_id] = std::move(row.source_name);
    }
    Progress progress("export " + name, 0);
    job.dataset.for_each_page(name, [&](PageRow&& page) {
      throw_if_interrupted();
      const Cell image = image_cell(page.page_id, page.image);
      const std::string file = image_file_name(page.page_id, page.image);
      const auto append = [&](Cell query, const std::string& language) {
        tables.append(kDefault, name,
                      {std::move(query), image, file, sources[page.document_id],
                       std::to_string(page.page_number), language});
      };
      const auto found = answered.find(page.page_id);
      if (found == answered.end()) {
        append(Cell(), page.language);
      } else {
        for (const QueryRow* query : found->second) append(query->query, query->language);
      }
      progress.advance();
    });
    job.counts[name] = {{"rows", tables.rows(kDefault, name)}, {"queries", split.queries.size()}};
  }
  return tables.finish();
}

}  // namespace recto
