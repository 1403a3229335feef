#pragma once
// Documents to a dataset: files in, pages, queries with the pages that answer them, splits, and a
// reason for every item kept or dropped (docs/formats/dataset.md).

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/json.h"
#include "curate/balance.h"
#include "curate/endpoint_settings.h"
#include "curate/generator.h"
#include "curate/negatives.h"
#include "curate/query_rules.h"
#include "curate/splits.h"
#include "page/reader.h"

namespace recto {

/// Those that are on by default: default_generators() and cross_lingual.
std::set<std::string> standard_generators();

struct CurateOptions {
  int longest_edge = 2048;  ///< of a page picture, in pixels; larger images are scaled down to it
  int jpeg_quality = 85;    ///< 1..100
  int threads = 1;          ///< documents at a time, each with a worker process
  /// A file that cannot be read, or a page that cannot be rendered, is reported, recorded and left
  /// out. Otherwise the first one ends the run.
  bool keep_going = false;

  std::filesystem::path sources;  ///< CSV of provenance (curate/provenance.h), or empty
  bool require_licence = false;   ///< files without a licence in `sources` are left out

  /// Of the families; when unset 0.1, or 0 with validation_documents.
  std::optional<double> validation_share;
  /// Of the families; when unset 0.1, or 0 with test_documents: the test is then what they name.
  std::optional<double> test_share;
  uint64_t seed = 0;  ///< of the split
  /// Patterns as in a shell (* ? []), matched against a document's file name and its path; the
  /// families of those that match are test.
  std::vector<std::string> test_documents;
  /// In the same way; a family that both name is test.
  std::vector<std::string> validation_documents;

  bool ocr = true;  ///< pages without a usable text layer are read by tesseract where it is found
  /// Names (curate/generator.h), and cross_lingual.
  std::set<std::string> generators = standard_generators();
  int sentences_per_page = 1;                ///< GeneratorSettings::sentences_per_page
  std::optional<EndpointSettings> endpoint;  ///< a model endpoint to ask, for "openai"
  /// Of shards that are joined: EndpointSettings::manifest() of the endpoint that was asked for
  /// them. Null when there was none, and where `endpoint` is set.
  Json merged_endpoint;
  QueryRuleSettings rules;
  /// Queries pass the rules, are merged by their words and make the round trip. Off: they stay as
  /// they were proposed (curate/uncleaned_queries.h), to compare with.
  bool cleaning = true;
  /// Pages that are nearly the same are looked for: groups of duplicates, answers that they share,
  /// families that they join, negatives that they cannot be. Off: every page for itself.
  bool near_duplicates = true;
  int generic_families = 3;     ///< words that stand in that many families are no query
  int max_pages_per_query = 3;  ///< a query with more answers in its family is none

  /// Evaluation sets and lists (curate/exclusions.h) whose pages and queries are left out.
  std::vector<std::filesystem::path> exclude;
  /// Model directory of a retriever that judges in place of BM25, or empty.
  std::filesystem::path judge;
  int round_trip = 100;  ///< a query's page must be among that many first ones; 0: not asked for
  NegativeSettings negatives;  ///< none for per_query 0
  BalanceSettings balance;
  PageLimits limits;
};

struct SplitCounts {
  int64_t families = 0;
  int64_t documents = 0;
  int64_t pages = 0;
  int64_t queries = 0;
};

/// What happened, in numbers; the audit table has it item by item.
struct CurateReport {
  int64_t files = 0;
  int64_t documents = 0;
  int64_t pages = 0;
  int64_t headings = 0;  ///< outline entries
  int64_t queries = 0;
  std::map<std::string, int64_t> dropped;  ///< by "stage: reason"
  std::vector<std::string> failed;         ///< what was wrong with files and pages, in file order
  std::map<std::string, SplitCounts> splits;
};

/// Curates files and directories into a dataset directory. Files are read in sandboxed workers
/// (page/reader.h); a copy of another is recorded and skipped, and with keep_going what is broken
/// or encrypted, with a warning. The same files and options give the same bytes, whatever `threads`
/// is. What is done is kept in OUTPUT.partial (curate/work_directory.h) until the dataset is
/// complete: after a stop at any moment the same call goes on from there, and where the dataset is
/// complete it reports what is there (curate/finished.h). Throws Error(kUsage) for options that
/// cannot be meant, another output that exists, or a pattern of documents that matches
/// no file; without keep_going the error of the first bad file; Error(kBadInput) when no document
/// is left; Error(kNotFound) or Error(kIo); Error(kInterrupted). After an error there is no output.
CurateReport curate(const std::vector<std::filesystem::path>& paths,
                    const std::filesystem::path& output, const CurateOptions& options);

/// Lines for people: counts of each stage, and of each split.
std::string describe(const CurateReport& report);

Json report_json(const CurateReport& report);
/// The inverse.
CurateReport read_report(const Json& json);

/// How families are split: with what stands for a test_share that is not set.
SplitSettings split_settings(const CurateOptions& options);

/// Throws Error(kUsage), naming the option, for a value that cannot be meant and for options that
/// contradict each other; what check_exclusions() and opening the judge throw. Looks at no
/// document.
void check_options(const CurateOptions& options);

}  // namespace recto
