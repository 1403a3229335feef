#include <algorithm>
#include <regex>

#include "base/interrupt.h"
#include "base/progress.h"
#include "data/foreign_columns.h"
#include "data/import_layouts.h"
#include "data/page_id.h"
#include "data/table_scan.h"

namespace recto {
namespace fs = std::filesystem;

namespace {

/// Rows have up to 17 images each.
constexpr int kWideBatch = 8;

std::string lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return text;
}

/// Where the columns of a file are.
struct RowColumns {
  explicit RowColumns(ForeignColumns& columns)
      : query(columns.required_text({"query", "anchor", "question"})),
        image(columns.required_image({"image", "positive"})),
        id(columns.text({"id", "_id", "query-id", "query_id"})),
        language(columns.text({"language", "lang"})),
        file_name(columns.text({"image_filename", "image_file_name", "file_name"})),
        source(columns.text({"source"})),
        negative_ids(columns.texts({"negatives"})) {
    negative_images = columns.images("negative_image_");
    if (negative_images.empty()) negative_images = columns.images("negative_");
  }
  int query, image, id, language, file_name, source, negative_ids;
  std::vector<int> negative_images;
};

/// The cell's bytes and the name it gives them.
IncomingPage page_of(Row& row, int place) {
  IncomingPage page;
  if (auto* image = std::get_if<ImageCell>(&row[place])) {
    page.image = std::move(image->bytes).value_or("");
    page.file_name = image->path.value_or("");
  }
  return page;
}

class RowImport {
 public:
  RowImport(const RowLayout& layout, ImportSink& sink) : layout_(layout), sink_(sink) {}

  void read(const ImportFile& file, Progress& progress) {
    ForeignColumns columns(file.path);
    const RowColumns places(columns);
    const int batch = places.negative_images.empty() ? kImageBatch : kWideBatch;
    int64_t row_number = 0;
    for_each_batch(file.path, columns.columns(), batch, [&](std::vector<Row>&& rows) {
      throw_if_interrupted();
      const int64_t first = row_number;
      row_number += std::ssize(rows);
      add(file, places, std::move(rows), first);
      progress.advance(static_cast<uint64_t>(row_number - first));
    });
  }

  /// Negatives named by the id of a row, once all rows are known.
  void finish_split() {
    for (const auto& [query, id] : named_negatives_) {
      const auto found = page_of_row_.find(id);
      sink_.add_negative(query, found == page_of_row_.end() ? ImportSink::kNone : found->second);
    }
    named_negatives_.clear();
    page_of_row_.clear();
  }

 private:
  IncomingPage positive(const ImportFile& file, const RowColumns& places, Row& row) const {
    IncomingPage page = page_of(row, places.image);
    const std::string name = ForeignColumns::text_of(row, places.file_name);
    page.by_file_name = layout_.pages_by_file_name && !name.empty();
    if (!name.empty()) page.file_name = name;
    page.document = document_of_file_name(page.file_name);
    if (parse_page_id(fs::path(page.file_name).stem().string())) {
      page.source = ForeignColumns::text_of(row, places.source);
    }
    if (layout_.language_of_page) page.language = language(file, places, row);
    return page;
  }

  static std::string language(const ImportFile& file, const RowColumns& places, const Row& row) {
    const std::string named = language_tag_of(ForeignColumns::text_of(row, places.language));
    return named.empty() ? language_of_folder(file.config) : named;
  }

  void add(const ImportFile& file, const RowColumns& places, std::vector<Row>&& rows,
           int64_t first) {
    std::vector<IncomingPage> pages;
    std::vector<std::vector<size_t>> of_row(rows.size());  // places in `pages`
    for (size_t i = 0; i < rows.size(); ++i) {
      const auto add_page = [&](IncomingPage page, const char* what) {
        page.split = file.split;
        page.where =
            fmt::format("{} row {}{}", file.name, first + static_cast<int64_t>(i) + 1, what);
        of_row[i].push_back(pages.size());
        pages.push_back(std::move(page));
      };
      add_page(positive(file, places, rows[i]), "");
      for (const int place : places.negative_images) {
        IncomingPage page = page_of(rows[i], place);
        if (page.image.empty()) continue;
        page.document = document_of_file_name(page.file_name);
        add_page(std::move(page), ", a negative");
      }
    }
    const std::vector<int> numbers = sink_.add_pages(std::move(pages));
    for (size_t i = 0; i < rows.size(); ++i) {
      std::vector<int> row_pages;
      for (const size_t place : of_row[i]) row_pages.push_back(numbers[place]);
      add_query(file, places, rows[i], row_pages);
    }
  }

  /// `pages`: the positive one, then negatives.
  void add_query(const ImportFile& file, const RowColumns& places, const Row& row,
                 const std::vector<int>& pages) {
    const std::string id = ForeignColumns::text_of(row, places.id);
    if (!id.empty()) page_of_row_[id] = pages[0];
    const std::string text = ForeignColumns::text_of(row, places.query);
    if (text.empty()) return;
    const int query = sink_.add_query(file.split, id, text, language(file, places, row));
    sink_.add_answer(query, pages[0], 1);
    for (size_t i = 1; i < pages.size(); ++i) sink_.add_negative(query, pages[i]);
    if (places.negative_ids == ForeignColumns::kNone) return;
    if (const auto* ids = std::get_if<std::vector<std::string>>(&row[places.negative_ids])) {
      for (const std::string& negative : *ids) named_negatives_.emplace_back(query, negative);
    }
  }

  RowLayout layout_;
  ImportSink& sink_;
  std::unordered_map<std::string, int> page_of_row_;
  std::vector<std::pair<int, std::string>> named_negatives_;
};

}  // namespace

std::string language_of_folder(const std::string& name) {
  static const std::regex code(R"([a-z]{2}([-_][a-z0-9]{2,4})?)");
  const std::string plain = lower(name);
  static const std::map<std::string, std::string> kNames = {
      {"english", "en"}, {"french", "fr"},     {"german", "de"}, {"spanish", "es"},
      {"italian", "it"}, {"portuguese", "pt"}, {"dutch", "nl"},  {"polish", "pl"}};
  if (const auto found = kNames.find(plain); found != kNames.end()) return found->second;
  return std::regex_match(plain, code) ? plain : std::string();
}

std::string language_tag_of(const std::string& column) {
  const std::string code = language_of_folder(column);
  return code.empty() ? column : code;
}

std::string document_of_file_name(const std::string& file_name) {
  if (const auto id = parse_page_id(fs::path(file_name).stem().string())) return id->document_id;
  const size_t pdf = lower(file_name).rfind(".pdf");
  if (pdf != std::string::npos) return file_name.substr(0, pdf + 4);
  static const std::regex page(R"((.*[^-_ ])[-_ ]+(?:page|p)[-_ ]*\d+(?:\.\w+)?)",
                               std::regex::icase);
  std::smatch match;
  // The regular expression recurses with the length of what it reads.
  if (file_name.size() > 1024 || !std::regex_match(file_name, match, page)) return {};
  return match[1];
}

void import_rows(const std::vector<ImportFile>& files, const RowLayout& layout, ImportSink& sink) {
  std::vector<std::string> splits;
  uint64_t rows = 0;
  for (const ImportFile& file : files) {
    splits.push_back(file.split);
    rows += static_cast<uint64_t>(ParquetFile(file.path).rows());
  }
  Progress progress("import", rows);
  RowImport reader(layout, sink);
  for (const std::string& split : by_precedence(splits)) {
    for (const ImportFile& file : files) {
      if (file.split == split) reader.read(file, progress);
    }
    reader.finish_split();
  }
}

}  // namespace recto
