#include "curate/ingest.h"

#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/error.h"
#include "base/interrupt.h"
#include "curate/page_facts.h"
#include "curate/sections.h"
#include "data/page_id.h"
#include "data/parquet.h"
#include "data/tables.h"
#include "page/encode.h"
#include "page/fit.h"

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

/// Renders the pages of one document into its Parquet file.
class PageIngest {
 public:
  PageIngest(Document& document, const Source& source, const CurateOptions& options,
             const IngestTools& tools, IngestedDocument& out, Audit& audit)
      : document_(document),
        source_(source),
        options_(options),
        tools_(tools),
        out_(out),
        audit_(audit) {}

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
    const std::string id = make_page_id(source_.sha256, number);
    try {
      const Image image =
          fit(document_.render(number, options_.longest_edge), options_.longest_edge);
      const PageView view(image, number, document_.page_count());
      const FoundText found =
          find_text(view, document_.text(number), tools_.ocr, expected_language(), id, audit_);
      CuratedPage page = describe_page(view, found, source_.facts.language);
      writer.append(Table<PageRow>::to_row(row(page, image, found.text)));
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

  /// Of a page whose text is not known yet: as stated, else as on most pages before.
  std::string expected_language() const {
    if (!source_.facts.language.empty()) return source_.facts.language;
    return main_language(out_.record.document.pages);
  }

  PageRow row(const CuratedPage& page, const Image& image, const PageText& text) const {
    PageRow row;
    row.document_id = source_.sha256;
    row.page_id = make_page_id(row.document_id, page.number);
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
  const IngestTools& tools_;
  IngestedDocument& out_;
  Audit& audit_;
};

/// Which headings have text on each page.
void fill_sections(CuratedDocument& document, const std::vector<TranslatedHeading>& headings) {
  std::vector<Heading> found;
  for (const TranslatedHeading& heading : headings) {
    if (heading.page > 0 && !heading.folded.empty()) {
      found.push_back({heading.query, heading.folded, heading.page});
    }
  }
  const Sections sections(found, document.page_count);
  for (CuratedPage& page : document.pages) {
    const std::set<std::string> here = sections.sections_on(page.number);
    page.sections.assign(here.begin(), here.end());
  }
}

/// Calls the model endpoint with the pictures that were just written.
std::vector<Candidate> endpoint_queries(EndpointGenerator& endpoint,
                                        const CuratedDocument& document, const fs::path& pages_file,
                                        Audit& audit) {
  const ParquetFile file(pages_file);
  const auto jpeg = [&](const CuratedPage& page) {
    int64_t row = &page - document.pages.data();
    int group = 0;
    while (row >= file.group_rows(group)) row -= file.group_rows(group++);
    return file.image_bytes(group, row, "image");
  };
  return endpoint.generate(document, jpeg, audit);
}

/// The queries that the generators propose, and the verified outline.
void propose_queries(DocumentRecord& record, const IngestTools& tools, const fs::path& pages_file,
                     Audit& audit) {
  CuratedDocument& document = record.document;
  record.outline_entries = std::ssize(document.outline);
  DocumentParts parts(document, audit);
  record.headings = translated_headings(parts);
  fill_sections(document, record.headings);
  record.candidates = generate(parts, tools.generators, audit);
  if (tools.endpoint == nullptr) return;
  for (Candidate& candidate : endpoint_queries(*tools.endpoint, document, pages_file, audit)) {
    record.candidates.push_back(std::move(candidate));
  }
}

/// What the file says of itself, and --sources of it.
void describe_document(const Document& document, const Source& source, CuratedDocument& facts) {
  facts.title = source.facts.title.empty() ? document.title() : source.facts.title;
  facts.producer = document.producer();
  facts.is_image = !document.is_pdf();
  facts.page_count = document.page_count();
  facts.outline = document.outline();
}

}  // namespace

IngestedDocument ingest_document(const Source& source, const CurateOptions& options,
                                 const IngestTools& tools, const fs::path& pages_file,
                                 const std::function<void()>& page_done) {
  IngestedDocument out;
  CuratedDocument& facts = out.record.document;
  facts.document_id = source.sha256;
  facts.source_name = source.name();
  facts.source = source.facts;
  Audit audit;
  try {
    Document document(source.path, options.limits);
    describe_document(document, source, facts);
    PageIngest(document, source, options, tools, out, audit).run(pages_file, page_done);
  } catch (const Error& error) {
    throw_if_interrupted();
    if (!facts.pages.empty() || !concerns_the_file(error)) throw;
    record_problem(error, source, source.sha256, kDocumentStage, out, audit);
    out.record.audit = audit.rows();
    return out;
  }
  facts.language = main_language(facts.pages);
  out.record.kept = !facts.pages.empty();
  if (out.record.kept) {
    audit.keep(source.sha256, kDocumentStage, "rendered", static_cast<double>(facts.pages.size()),
               facts.page_count);
    propose_queries(out.record, tools, pages_file, audit);
  } else {
    audit.drop(source.sha256, kDocumentStage, "no page could be rendered");
    fs::remove(pages_file);
  }
  out.record.audit = audit.rows();
  return out;
}

}  // namespace recto
