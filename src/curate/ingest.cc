#include "curate/ingest.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/sha256.h"
#include "base/threads.h"
#include "data/parquet.h"
#include "data/tables.h"
#include "page/encode.h"
#include "page/resize.h"

namespace recto {
namespace fs = std::filesystem;

namespace {

constexpr const char* kFileStage = "file";
constexpr const char* kDocumentStage = "document";
constexpr const char* kPageStage = "page";
constexpr int kMaxFailuresInARow = 3;

/// True for what is wrong with one file, false for what ends the run.
bool concerns_the_file(const Error& error) {
  return error.code() != ErrorCode::kInterrupted && error.code() != ErrorCode::kInternal &&
         error.code() != ErrorCode::kUsage;
}

/// At most `longest_edge` on the longer side.
Image fit(Image image, int longest_edge) {
  const int longest = std::max(image.width, image.height);
  if (longest <= longest_edge) return image;
  const auto scaled = [&](int side) {
    const int64_t exact = (int64_t{side} * longest_edge * 2 + longest) / (2 * int64_t{longest});
    return std::max(1, static_cast<int>(exact));
  };
  return resize(image, scaled(image.width), scaled(image.height));
}

/// Renders the pages of one document into its Parquet file.
class PageIngest {
 public:
  PageIngest(Document& document, const CurateOptions& options, IngestedDocument& out)
      : document_(document), options_(options), out_(out) {}

  void run(const std::function<void()>& page_done) {
    ParquetWriter writer(out_.pages_file, Table<PageRow>::columns(), {.group_rows = 100});
    const int count = document_.page_count();
    int failures = 0;
    for (int number = 1; number <= count; ++number) {
      throw_if_interrupted();
      const std::optional<PageRow> row = page(number);
      failures = row ? 0 : failures + 1;
      if (row) {
        writer.append(Table<PageRow>::to_row(*row));
        rendered_.insert(number);
        texts_[number] = row->text;
      }
      page_done();
      if (!row && !options_.keep_going) break;
      if (failures == kMaxFailuresInARow && number < count) {
        out_.audit.drop(out_.source.sha256, kDocumentStage,
                        "the pages after three that failed in a row are given up", count - number);
        break;
      }
    }
    writer.close();
    out_.pages = static_cast<int>(rendered_.size());
  }

  void find_headings() {
    out_.outline_entries = std::ssize(document_.outline());
    if (document_.outline().empty()) return;
    WordTokenizer tokenizer;
    std::map<int, FoldedText> folded;
    const PageWords words = [&](int number) -> const FoldedText& {
      const auto found = folded.find(number);
      if (found != folded.end()) return found->second;
      const auto text = texts_.find(number);
      return folded[number] =
                 FoldedText(tokenizer, text == texts_.end() ? std::string() : text->second);
    };
    out_.headings = recto::find_headings(out_.source.sha256, document_.outline(),
                                         document_.page_count(), tokenizer, words, out_.audit);
  }

 private:
  /// Nothing when the page cannot be rendered; the audit says why.
  std::optional<PageRow> page(int number) {
    PageRow row;
    row.document_id = out_.source.sha256;
    row.page_id = fmt::format("{}-{}", row.document_id, number);
    row.page_number = number;
    try {
      const Image image =
          fit(document_.render(number, options_.longest_edge), options_.longest_edge);
      row.width = image.width;
      row.height = image.height;
      row.image = encode_jpeg(image, options_.jpeg_quality);
      row.text = document_.text(number).text;
    } catch (const Error& error) {
      throw_if_interrupted();  // a signal stops the workers too, which looks like a broken page
      if (!concerns_the_file(error)) throw;
      out_.audit.drop(row.page_id, kPageStage, portable_message(error.what(), out_.source.path));
      out_.problems.push_back(error);
      return std::nullopt;
    }
    row.text_source = row.text.empty() ? "none" : "text_layer";
    out_.audit.keep(row.page_id, kPageStage, "rendered");
    return row;
  }

  Document& document_;
  const CurateOptions& options_;
  IngestedDocument& out_;
  std::set<int> rendered_;
  std::map<int, std::string> texts_;
};

}  // namespace

std::string portable_message(std::string message, const fs::path& file) {
  const std::string full = file.string();
  const std::string name = file.filename().string();
  for (size_t at = message.find(full); at != std::string::npos && !full.empty();
       at = message.find(full, at + name.size())) {
    message.replace(at, full.size(), name);
  }
  return message;
}

std::vector<SourceFile> list_sources(const std::vector<fs::path>& paths, int threads, Audit& audit,
                                     std::vector<fs::path>& listed, FileProblems& problems) {
  for (const fs::path& path : paths) {
    for (fs::path& file : list_page_files(path)) listed.push_back(std::move(file));
  }
  std::vector<std::string> hashes(listed.size());
  std::vector<std::optional<Error>> errors(listed.size());
  parallel_for(listed.size(), threads, [&](size_t i) {
    throw_if_interrupted();
    try {
      hashes[i] = sha256_file(listed[i]);
    } catch (const Error& error) {
      errors[i] = error;
    }
  });
  std::vector<SourceFile> sources;
  std::set<std::string> seen;
  for (size_t i = 0; i < listed.size(); ++i) {
    const std::string name = listed[i].filename().string();
    if (errors[i]) {
      audit.drop(name, kFileStage, portable_message(errors[i]->what(), listed[i]));
      problems[i].push_back(*errors[i]);
    } else if (!seen.insert(hashes[i]).second) {
      audit.drop(name, kFileStage, "copy of the document " + hashes[i]);
    } else {
      sources.push_back({listed[i], hashes[i], i});
    }
  }
  return sources;
}

IngestedDocument ingest_document(const SourceFile& source, const fs::path& scratch,
                                 const CurateOptions& options,
                                 const std::function<void()>& page_done) {
  IngestedDocument out;
  out.source = source;
  out.pages_file = scratch / (source.sha256 + ".parquet");
  std::optional<Document> document;
  try {
    document.emplace(source.path, options.limits);
    out.title = document->title();
    out.producer = document->producer();
    out.is_image = !document->is_pdf();
  } catch (const Error& error) {
    throw_if_interrupted();
    if (!concerns_the_file(error)) throw;
    out.audit.drop(source.sha256, kDocumentStage, portable_message(error.what(), source.path));
    out.problems.push_back(error);
    return out;
  }
  PageIngest pages(*document, options, out);
  pages.run(page_done);
  if (out.pages == 0) {
    out.audit.drop(source.sha256, kDocumentStage, "no page could be rendered");
    return out;
  }
  out.kept = true;
  out.audit.keep(source.sha256, kDocumentStage, "rendered", out.pages, document->page_count());
  pages.find_headings();
  return out;
}

}  // namespace recto
