#include "curate/dataset_text.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "base/utf8.h"
#include "curate/comparison.h"
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
      "## Sources\n\n| file | licence | pages | split | family | SHA-256 "
      "|\n|---|---|---|---|---|---|\n";
  for (size_t i = 0; i < documents.size() && i < kListedSources; ++i) {
    const DocumentRow& row = documents[i];
    out += fmt::format("| {} | {} | {} | {} | {} | {} |\n", cell(row.source_name),
                       cell(row.licence), row.pages, row.split, row.family, row.document_id);
  }
  if (documents.size() > kListedSources) {
    out +=
        fmt::format("\n{} more are in the table `documents`.\n", documents.size() - kListedSources);
  }
  const bool licensed = std::any_of(documents.begin(), documents.end(),
                                    [](const DocumentRow& row) { return !row.licence.empty(); });
  return out + (licensed ? "\nLicences are those of the sources, as `--sources` states them.\n\n"
                         : "\nLicences are those of the sources; none was stated.\n\n");
}

std::string generator_list(const CurateOptions& options) {
  std::string names = fmt::format("{}", fmt::join(options.generators, ", "));
  const Json endpoint = endpoint_json(options);
  if (endpoint.is_null()) return names;
  return names + (names.empty() ? "" : ", ") + "the model " +
         cell(json_required<std::string>(endpoint, "model", "endpoint"));
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
    if (row.reason.starts_with("copy of")) return "copy of another file";
    if (row.reason.starts_with("no licence")) return "no licence";
    return "cannot be read";
  }
  if (row.stage == "document" && row.reason != "no page could be rendered") {
    return row.reason.starts_with("the pages after") ? row.reason : "cannot be opened";
  }
  if (row.stage == "page") return "cannot be rendered";
  if (row.stage == "endpoint") return row.reason.substr(0, row.reason.find(':'));
  return row.reason;
}

Json dataset_manifest(const CurateOptions& options, const CurateReport& report,
                      const Listing& files) {
  Json manifest;
  manifest["settings"] = settings_json(options);
  manifest["tools"] = files.tools;
  manifest["stages"] = report_json(report);
  manifest["stages"]["failed"] = report.failed.size();  // the messages say where files lie
  manifest["run_sha256"] = files.run_sha256;
  return manifest;
}

namespace {

/// Which queries are kept, as a sentence without its full stop.
std::string kept_queries(const CurateOptions& options) {
  if (!options.cleaning) return "They are kept as they were proposed";
  std::string out =
      "A query is kept when it passes the rules (length, one question, no personal data, nothing "
      "that points at the page, the page's language)";
  if (options.round_trip == 0) return out;
  return out + fmt::format(" and its page is among the first {} of {}", options.round_trip,
                           options.judge.empty() ? "BM25" : "a retriever");
}

}  // namespace

std::string dataset_card_body(const CurateOptions& options, const CurateReport& report,
                              const std::vector<DocumentRow>& documents) {
  std::string out = "# Document pages with queries\n\n";
  const std::string notice = comparison_notice(options);
  if (!notice.empty()) out += fmt::format("**{}**\n\n", notice);
  out += fmt::format(
      "Pages of PDF documents and images as pictures, with queries and the pages that answer them, "
      "made by `recto curate`. The tables are `documents`, `pages`, `queries`, `qrels`, "
      "`negatives` "
      "and `audit`, a configuration each.\n\n"
      "```python\nfrom datasets import load_dataset\npages = load_dataset(\"PATH\", "
      "\"pages\")[\"train\"]\npages[0][\"image\"]\n```\n\n");
  out += sources_section(documents);
  out += fmt::format(
      "## Settings\n\nPages are rendered with their longest side {} pixels and stored as JPEG of "
      "quality {}. Queries were made by: {}. {}. "
      "`manifest.json` has every setting and the hash of every file; `audit` has the reason for "
      "every item kept or left out; `report.html` shows samples.\n\n",
      options.longest_edge, options.jpeg_quality, generator_list(options), kept_queries(options));
  out += counts_section(report);
  out +=
      "## Splits\n\nA family (editions and translations of one work, documents with the same "
      "title, "
      "documents that share pages) is wholly in one split; no query and no group of duplicate "
      "pages "
      "is in two.\n\n"
      "## Languages\n\nListed are the languages of queries, of documents, and of three pages or "
      "more "
      "whose language was told with a confidence of 0.5. The column `language` of the pages has "
      "rarer guesses, too; `manifest.json` counts their pages (`languages`).\n\n"
      "## Known limits\n\nQueries that documents carry themselves repeat the words of the page, "
      "which favours lexical search. Other pages may answer a query too and are not marked as "
      "answers.\n";
  return out;
}

}  // namespace recto
