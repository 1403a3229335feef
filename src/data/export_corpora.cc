// Layouts of a corpus, queries and qrels.
#include <unordered_map>

#include "base/file.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "base/utf8.h"
#include "data/export_source.h"
#include "data/table_scan.h"

namespace recto {
namespace fs = std::filesystem;

namespace {

/// Calls `visit` with the pages of a split, images included.
void for_each_page(const Dataset& dataset, const std::string& split,
                   const std::function<void(PageRow&&)>& visit) {
  Progress progress("export " + split, 0);
  scan_table<PageRow>(dataset.path(), split, [&](PageRow&& page) {
    visit(std::move(page));
    progress.advance();
  });
}

std::string config_lines(const std::string& config, bool is_default) {
  return fmt::format("- config_name: {}\n{}  data_files: {}.jsonl\n", config,
                     is_default ? "  default: true\n" : "", config);
}

/// An id as the fields of TREC and TSV files can hold it.
void check_plain_id(const std::string& id) {
  if (id.empty() || id.find_first_of(" \t\r\n") != std::string::npos) {
    fail(ErrorCode::kBadInput,
         "the id \"{}\" is empty or has white space, which qrels files cannot hold", id);
  }
}

class BeirFiles {
 public:
  explicit BeirFiles(ExportJob& job)
      : job_(job),
        corpus_(job.directory / "corpus.jsonl"),
        queries_(job.directory / "queries.jsonl") {
    make_directories(job.directory / "images");
    make_directories(job.directory / "qrels");
  }

  void add_split(const std::string& split) {
    std::unordered_map<std::string, std::string> titles;
    for (DocumentRow& row : job_.dataset.documents(split)) {
      titles[row.document_id] = std::move(row.title);
    }
    int64_t pages = 0;
    for_each_page(job_.dataset, split, [&](PageRow&& page) {
      check_plain_id(page.page_id);
      const std::string image = "images/" + image_file_name(page.page_id, page.image);
      write_file(job_.directory / image, page.image);
      corpus_.write(dump_json({{"_id", page.page_id},
                               {"title", titles[page.document_id]},
                               {"text", page.text},
                               {"image", image},
                               {"metadata",
                                {{"split", split},
                                 {"language", page.language},
                                 {"document_id", page.document_id},
                                 {"page_number", page.page_number}}}}) +
                    "\n");
      ++pages;
    });
    int64_t queries = 0;
    for (const QueryRow& row : job_.dataset.queries(split)) {
      check_plain_id(row.query_id);
      queries_.write(dump_json({{"_id", row.query_id},
                                {"text", row.query},
                                {"metadata", {{"split", split}, {"language", row.language}}}}) +
                     "\n");
      ++queries;
    }
    job_.counts[split] = {{"pages", pages}, {"queries", queries}, {"qrels", add_qrels(split)}};
  }

  void commit() {
    corpus_.commit();
    queries_.commit();
  }

 private:
  int64_t add_qrels(const std::string& split) {
    AtomicFile tsv(job_.directory / "qrels" / (split + ".tsv"));
    AtomicFile trec(job_.directory / "qrels" / (split + ".trec"));
    tsv.write("query-id\tcorpus-id\tscore\n");
    int64_t rows = 0;
    scan_table<QrelRow>(job_.dataset.path(), split, [&](QrelRow&& row) {
      tsv.write(fmt::format("{}\t{}\t{}\n", row.query_id, row.page_id, row.score));
      trec.write(fmt::format("{} 0 {} {}\n", row.query_id, row.page_id, row.score));
      ++rows;
    });
    tsv.commit();
    trec.commit();
    return rows;
  }

  ExportJob& job_;
  AtomicFile corpus_;
  AtomicFile queries_;
};

}  // namespace

std::vector<CardTable> export_mteb(ExportJob& job) {
  ExportTables tables(job.directory);
  tables.declare("corpus", "corpus",
                 {{"id"},
                  {"image", ColumnType::kImage},
                  {"doc_id"},
                  {"page_number_in_doc", ColumnType::kInt32},
                  {"language"}});
  tables.declare("queries", "queries", {{"id"}, {"text"}, {"language"}});
  tables.declare("qrels", "qrels", {{"query-id"}, {"corpus-id"}, {"score", ColumnType::kInt32}});
  for (const std::string& split : job.splits) {
    for_each_page(job.dataset, split, [&](PageRow&& page) {
      tables.append("corpus", split,
                    {page.page_id, image_cell(page.page_id, std::move(page.image)),
                     page.document_id, int64_t{page.page_number}, page.language});
    });
    scan_table<QueryRow>(job.dataset.path(), split, [&](QueryRow&& row) {
      tables.append("queries", split, {row.query_id, row.query, row.language});
    });
    scan_table<QrelRow>(job.dataset.path(), split, [&](QrelRow&& row) {
      tables.append("qrels", split, {row.query_id, row.page_id, int64_t{row.score}});
    });
    job.counts[split] = {{"pages", tables.rows("corpus", split)},
                         {"queries", tables.rows("queries", split)},
                         {"qrels", tables.rows("qrels", split)}};
  }
  return tables.finish();
}

void export_beir(ExportJob& job) {
  BeirFiles files(job);
  for (const std::string& split : job.splits) files.add_split(split);
  files.commit();
}

std::string beir_card(const CardFacts& facts, const std::string& body) {
  // What stands before the configurations is as in every card.
  std::string head = dataset_card(facts, "");
  head.resize(head.find("configs:\n"));
  return head + "configs:\n" + config_lines("corpus", true) + config_lines("queries", false) +
         "---\n\n" + body;
}

}  // namespace recto
