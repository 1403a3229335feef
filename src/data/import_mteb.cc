#include <algorithm>
#include <map>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "data/foreign_columns.h"
#include "data/import_layouts.h"
#include "data/import_qrels.h"
#include "data/table_scan.h"

namespace recto {

namespace {

std::string row_name(const ImportFile& file, int64_t row) {
  return fmt::format("{} row {}", file.name, row);
}

/// The files of one prefix.
class MtebGroup {
 public:
  MtebGroup(std::string prefix, std::vector<ImportFile> files, const std::string& fallback,
            ImportSink& sink)
      : prefix_(std::move(prefix)),
        files_(std::move(files)),
        fallback_(fallback),
        for_evaluation_(sink.for_evaluation()),
        import_(fallback, sink) {
    std::string folder = prefix_;
    while (!folder.empty() &&
           (folder.back() == '-' || folder.back() == '_' || folder.back() == '/')) {
      folder.pop_back();
    }
    language_ = language_of_folder(folder);
  }

  void read() {
    for (const char* role : {"qrels", "corpus", "queries"}) {
      bool found = false;
      for (const ImportFile& file : in_order(role)) {
        found = true;
        if (role == std::string("qrels")) read_qrels(file);
        if (role == std::string("corpus")) read_corpus(file);
        if (role == std::string("queries")) read_queries(file);
      }
      if (!found) {
        fail(ErrorCode::kBadInput,
             "there is no configuration {}{}; the layout mteb has three: "
             "corpus, queries, qrels",
             prefix_, role);
      }
    }
  }

 private:
  /// Files of a role, those whose split keeps what occurs in several first.
  std::vector<ImportFile> in_order(const std::string& role) const {
    std::vector<ImportFile> chosen;
    std::vector<std::string> splits;
    for (const ImportFile& file : files_) {
      if (mteb_role(file.config) != role) continue;
      chosen.push_back(file);
    }
    if (for_evaluation_) chosen = only_evaluated(role, std::move(chosen));
    splits.reserve(chosen.size());
    for (const ImportFile& file : chosen) splits.push_back(file.split);
    const auto order = by_precedence(std::move(splits));
    std::stable_sort(chosen.begin(), chosen.end(), [&](const ImportFile& a, const ImportFile& b) {
      return std::find(order.begin(), order.end(), a.split) <
             std::find(order.begin(), order.end(), b.split);
    });
    return chosen;
  }

  std::vector<ImportFile> only_evaluated(const std::string& role,
                                         std::vector<ImportFile> files) const {
    if (files.empty()) return files;
    const std::string another = files.front().split;
    files = evaluated_files(std::move(files), fallback_, role != "qrels");
    if (files.empty()) {
      fail(ErrorCode::kNotFound, "{}{}: no judgements of the split \"{}\"; there is {}", prefix_,
           role, fallback_, another);
    }
    return files;
  }

  void read_qrels(const ImportFile& file) {
    ForeignColumns columns(file.path);
    const int query = columns.required_text({"query-id", "query_id"});
    const int page = columns.required_text({"corpus-id", "corpus_id"});
    const int score = columns.number({"score"});
    int64_t number = 0;
    for_each_batch(file.path, columns.columns(), kRowBatch, [&](std::vector<Row>&& rows) {
      throw_if_interrupted();
      for (const Row& row : rows) {
        ++number;
        const double* grade =
            score == ForeignColumns::kNone ? nullptr : std::get_if<double>(&row[score]);
        import_.add_qrel(file.split, ForeignColumns::text_of(row, query),
                         ForeignColumns::text_of(row, page),
                         grade == nullptr ? 1 : parse_grade(*grade, row_name(file, number)));
      }
    });
  }

  void read_corpus(const ImportFile& file) {
    ForeignColumns columns(file.path);
    const int id = columns.required_text({"id", "_id", "corpus-id", "corpus_id"});
    int image = columns.image({"image"});
    if (image == ForeignColumns::kNone && !for_evaluation_) {
      image = columns.required_image({"image"});
    }
    const int document = columns.text({"doc_id", "document_id", "doc-id"});
    const int text = columns.text({"text", "markdown"});
    const int title = columns.text({"title"});
    const int language = columns.text({"language"});
    Progress progress("import " + file.name, static_cast<uint64_t>(ParquetFile(file.path).rows()));
    int64_t number = 0;
    for_each_batch(file.path, columns.columns(), kImageBatch, [&](std::vector<Row>&& rows) {
      throw_if_interrupted();
      std::vector<std::string> ids;
      std::vector<IncomingPage> pages;
      for (Row& row : rows) {
        ids.push_back(ForeignColumns::text_of(row, id));
        IncomingPage page;
        page.text = ForeignColumns::text_of(row, text);
        if (image == ForeignColumns::kNone) {
          page.is_text = true;
          page.text = text_of_document(ForeignColumns::text_of(row, title), page.text);
        } else if (auto* cell = std::get_if<ImageCell>(&row[image])) {
          page.image = std::move(cell->bytes).value_or("");
        }
        page.split = import_.page_split(file.split, ids.back());
        page.file_name = ids.back();
        page.document = ForeignColumns::text_of(row, document);
        page.language = ForeignColumns::text_of(row, language);
        page.where = row_name(file, ++number);
        pages.push_back(std::move(page));
      }
      import_.add_pages(std::move(ids), std::move(pages));
      progress.advance(rows.size());
    });
  }

  void read_queries(const ImportFile& file) {
    ForeignColumns columns(file.path);
    const int id = columns.required_text({"id", "_id", "query-id", "query_id"});
    const int text = columns.required_text({"text", "query"});
    const int language = columns.text({"language"});
    for_each_batch(file.path, columns.columns(), kRowBatch, [&](std::vector<Row>&& rows) {
      throw_if_interrupted();
      for (const Row& row : rows) {
        const std::string named = language_tag_of(ForeignColumns::text_of(row, language));
        const std::string query = ForeignColumns::text_of(row, id);
        import_.add_query(file.split, query, prefix_ + query, ForeignColumns::text_of(row, text),
                          named.empty() ? language_ : named);
      }
    });
  }

  std::string prefix_;
  std::string language_;
  std::vector<ImportFile> files_;
  std::string fallback_;
  bool for_evaluation_;
  QrelsImport import_;
};

}  // namespace

std::string text_of_document(const std::string& title, const std::string& text) {
  return title.empty() || text.empty() ? title + text : title + " " + text;
}

void import_mteb(const std::vector<ImportFile>& files, const std::string& fallback,
                 ImportSink& sink) {
  MtebGroups groups = mteb_groups(files);
  for (auto& [prefix, group] : groups) MtebGroup(prefix, std::move(group), fallback, sink).read();
}

}  // namespace recto
