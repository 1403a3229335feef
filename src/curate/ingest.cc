#include "curate/ingest.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/error.h"
#include "base/interrupt.h"
#include "curate/headings.h"
#include "data/parquet.h"
#include "data/tables.h"
#include "page/encode.h"
#include "page/resize.h"

namespace recto {
namespace fs = std::filesystem;

namespace {

constexpr const char* kDocumentStage = "document";
constexpr const char* kPageStage = "page";
constexpr int kMaxFailuresInARow = 3;

/// True for what is wrong with one file, false for what ends the run.
bool concerns_the_file(const Error& error) {
  return error.code() != ErrorCode::kInterrupted && error.code() != ErrorCode::kInternal &&
         error.code() != ErrorCode::kUsage;
}

/// `message` with `to` wherever the path of `file` stands.
std::string renamed(std::string message, const fs::path& file, const std::string& to) {
  const std::string path = file.string();
  for (size_t at = message.find(path); at != std::string::npos && !path.empty();
       at = message.find(path, at + to.size())) {
    message.replace(at, path.size(), to);
  }
  return message;
}

/// Records what is wrong with a file or page: for people with the place of the file, in the audit
/// with its name alone, so that it does not depend on where files lie.
void record_problem(const Error& error, const Source& source, const std::string& item,
                    const char* stage, IngestedDocument& out, Audit& audit) {
  const Error placed(error.code(), renamed(error.what(), source.path, source.place.location));
  audit.drop(item, stage, renamed(error.what(), source.path, source.name()));
  if (!out.first_problem) out.first_problem = placed;
  out.record.problems.emplace_back(placed.what());
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

std::string page_id(const std::string& document_id, int number) {
  return fmt::format("{}-{}", document_id, number);
}

CuratedPage describe_page(const Image& image, const PageText& text, int number) {
  CuratedPage page;
  page.number = number;
  page.label = text.label;
  page.text = text.text;
  page.text_source = text.text.empty() ? "none" : "text_layer";
  page.hash = perceptual_hash(image);
  return page;
}

std::vector<Candidate> outline_candidates(const CuratedDocument& document, Audit& audit) {
  WordTokenizer tokenizer;
  std::map<int, FoldedText> folded;
  const PageWords words = [&](int number) -> const FoldedText& {
    const auto found = folded.find(number);
    if (found != folded.end()) return found->second;
    const CuratedPage* page = document.page(number);
    return folded[number] = FoldedText(tokenizer, page == nullptr ? std::string() : page->text);
  };
  std::vector<Candidate> out;
  for (Heading& heading : find_headings(document.document_id, document.outline, document.page_count,
                                        tokenizer, words, audit)) {
    out.push_back({heading.query, "heading", "outline", "1", "", heading.page, heading.folded, -1});
  }
  return out;
}

/// Renders the pages of one document into its Parquet file.
class PageIngest {
 public:
  PageIngest(Document& document, const Source& source, const CurateOptions& options,
             IngestedDocument& out, Audit& audit)
      : document_(document), source_(source), options_(options), out_(out), audit_(audit) {}

  void run(const fs::path& pages_file, const std::function<void()>& page_done) {
    ParquetWriter writer(pages_file, Table<PageRow>::columns(), {.group_rows = 100});
    const int count = document_.page_count();
    int failures = 0;
    for (int number = 1; number <= count; ++number) {
      throw_if_interrupted();
      const bool rendered = page(number, writer);
      failures = rendered ? 0 : failures + 1;
      page_done();
      if (!rendered && !options_.keep_going) break;
      if (failures == kMaxFailuresInARow && number < count) {
        audit_.drop(source_.sha256, kDocumentStage,
                    "the pages after three that failed in a row are given up", count - number);
        break;
      }
    }
    writer.close();
  }

 private:
  /// False when the page cannot be rendered; the audit says why.
  bool page(int number, ParquetWriter& writer) {
    const std::string id = page_id(source_.sha256, number);
    try {
      const Image image =
          fit(document_.render(number, options_.longest_edge), options_.longest_edge);
      const PageText text = document_.text(number);
      CuratedPage page = describe_page(image, text, number);
      writer.append(Table<PageRow>::to_row(row(page, image, text)));
      out_.record.document.pages.push_back(std::move(page));
    } catch (const Error& error) {
      throw_if_interrupted();  // a signal stops the workers too, which looks like a broken page
      if (!concerns_the_file(error)) throw;
      record_problem(error, source_, id, kPageStage, out_, audit_);
      return false;
    }
    audit_.keep(id, kPageStage, "rendered");
    return true;
  }

  PageRow row(const CuratedPage& page, const Image& image, const PageText& text) const {
    PageRow row;
    row.document_id = source_.sha256;
    row.page_id = page_id(row.document_id, page.number);
    row.page_number = page.number;
    row.width = image.width;
    row.height = image.height;
    row.image = encode_jpeg(image, options_.jpeg_quality);
    row.text = page.text;
    row.text_source = page.text_source;
    for (const Word& word : text.words) {
      row.words.push_back(word.text);
      row.word_boxes.insert(row.word_boxes.end(), {word.left, word.top, word.right, word.bottom});
    }
    row.language = page.language;
    row.language_confidence = static_cast<float>(page.language_confidence);
    row.content_class = content_class_name(page.content_class);
    row.perceptual_hash = hash_text(page.hash);
    return row;
  }

  Document& document_;
  const Source& source_;
  const CurateOptions& options_;
  IngestedDocument& out_;
  Audit& audit_;
};

/// The language of most pages.
std::string main_language(const std::vector<CuratedPage>& pages) {
  std::map<std::string, int> counts;
  for (const CuratedPage& page : pages) {
    if (!page.language.empty()) ++counts[page.language];
  }
  std::string best;
  for (const auto& [language, count] : counts) {
    if (best.empty() || count > counts[best]) best = language;
  }
  return best;
}

}  // namespace

IngestedDocument ingest_document(const Source& source, const CurateOptions& options,
                                 const fs::path& pages_file,
                                 const std::function<void()>& page_done) {
  IngestedDocument out;
  CuratedDocument& facts = out.record.document;
  facts.document_id = source.sha256;
  facts.source_name = source.name();
  facts.source = source.facts;
  Audit audit;
  std::optional<Document> document;
  try {
    document.emplace(source.path, options.limits);
  } catch (const Error& error) {
    throw_if_interrupted();
    if (!concerns_the_file(error)) throw;
    record_problem(error, source, source.sha256, kDocumentStage, out, audit);
    out.record.audit = audit.rows();
    return out;
  }
  facts.title = source.facts.title.empty() ? document->title() : source.facts.title;
  facts.producer = document->producer();
  facts.is_image = !document->is_pdf();
  facts.page_count = document->page_count();
  facts.outline = document->outline();
  PageIngest(*document, source, options, out, audit).run(pages_file, page_done);
  facts.language = main_language(facts.pages);
  out.record.kept = !facts.pages.empty();
  if (out.record.kept) {
    audit.keep(source.sha256, kDocumentStage, "rendered", static_cast<double>(facts.pages.size()),
               facts.page_count);
    out.record.candidates = outline_candidates(facts, audit);
  } else {
    audit.drop(source.sha256, kDocumentStage, "no page could be rendered");
    fs::remove(pages_file);
  }
  out.record.audit = audit.rows();
  return out;
}

}  // namespace recto
