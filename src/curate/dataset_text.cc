#include "curate/dataset_text.h"

#include <utility>

#include "base/utf8.h"
#include "curate/settings.h"

namespace recto {

namespace {

/// A card lists at most this many sources; the documents table has them all.
constexpr size_t kListedSources = 500;

/// Text inside a Markdown table.
std::string cell(const std::string& text) {
  std::string out;
  for (const char c : replace_invalid_utf8(text)) {
    if (c == '|' || c == '\\') out += '\\';
    out += c == '\n' || c == '\r' ? ' ' : c;
  }
  return out;
}

std::string sources_section(const std::vector<DocumentRow>& documents) {
  std::string out =
      "## Sources\n\n| file | pages | split | family | SHA-256 |\n|---|---|---|---|---|\n";
  for (size_t i = 0; i < documents.size() && i < kListedSources; ++i) {
    const DocumentRow& row = documents[i];
    out += fmt::format("| {} | {} | {} | {} | {} |\n", cell(row.source_name), row.pages, row.split,
                       row.family, row.document_id);
  }
  if (documents.size() > kListedSources) {
    out +=
        fmt::format("\n{} more are in the table `documents`.\n", documents.size() - kListedSources);
  }
  return out + "\nLicences are those of the sources; none was recorded.\n\n";
}

std::string counts_section(const CurateReport& report) {
  std::string out = fmt::format(
      "## Counts\n\n{} files, {} documents, {} pages, {} outline entries, {} queries.\n\n"
      "| split | families | documents | pages | queries |\n|---|---|---|---|---|\n",
      report.files, report.documents, report.pages, report.headings, report.queries);
  for (const auto& [split, counts] : report.splits) {
    out += fmt::format("| {} | {} | {} | {} | {} |\n", split, counts.families, counts.documents,
                       counts.pages, counts.queries);
  }
  if (report.dropped.empty()) return out + "\n";
  out += "\n| left out | items |\n|---|---|\n";
  for (const auto& [reason, count] : report.dropped) {
    out += fmt::format("| {} | {} |\n", cell(reason), count);
  }
  return out + "\n";
}

}  // namespace

std::string short_reason(const AuditRow& row) {
  if (row.stage == "file") {
    return row.reason.starts_with("copy of") ? "copy of another file" : "cannot be read";
  }
  if (row.stage == "document" && row.reason != "no page could be rendered") {
    return row.reason.starts_with("the pages after") ? row.reason : "cannot be opened";
  }
  if (row.stage == "page") return "cannot be rendered";
  return row.reason;
}

Json dataset_manifest(const CurateOptions& options, const CurateReport& report) {
  Json manifest;
  manifest["settings"] = settings_json(options);
  manifest["tools"] = tool_versions();
  manifest["stages"] = {{"files", report.files},     {"documents", report.documents},
                        {"pages", report.pages},     {"headings", report.headings},
                        {"queries", report.queries}, {"dropped", report.dropped}};
  return manifest;
}

std::string dataset_card_body(const CurateOptions& options, const CurateReport& report,
                              const std::vector<DocumentRow>& documents) {
  std::string out = "# Document pages with queries\n\n";
  out += fmt::format(
      "Pages of PDF documents and images as pictures, with queries and the pages that answer them, "
      "made by `recto curate`. The tables are `documents`, `pages`, `queries`, `qrels` and "
      "`audit`, a configuration each.\n\n"
      "```python\nfrom datasets import load_dataset\npages = load_dataset(\"PATH\", "
      "\"pages\")[\"train\"]\npages[0][\"image\"]\n```\n\n");
  out += sources_section(documents);
  out += fmt::format(
      "## Settings\n\nPages are rendered with their longest side {} pixels and stored as JPEG of "
      "quality {}. Queries are headings of the documents' outlines, without numbering, that stand "
      "verbatim (case, accents, white space and punctuation aside) on the page they lead to or on "
      "one beside it. `manifest.json` has every setting and the hash of every file; `audit` has "
      "the reason for every item kept or left out.\n\n",
      options.longest_edge, options.jpeg_quality);
  out += counts_section(report);
  out +=
      "## Splits\n\nA family (documents with the same name but for the language, or the same "
      "title) "
      "is wholly in one split; no query is in two.\n\n"
      "## Known limits\n\nHeadings repeat the words of the page, which favours lexical search. "
      "Other pages may mention a heading too (a table of contents does), and are not marked as "
      "answers. Languages and licences are not detected; near-duplicate pages are not joined.\n";
  return out;
}

}  // namespace recto
