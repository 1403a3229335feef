#include "learn/train_report_data.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <tuple>

#include "base/cpu.h"
#include "base/error.h"
#include "base/file.h"
#include "base/version.h"
#include "learn/metrics_log.h"
#include "page/decode.h"

namespace recto {
namespace {

namespace fs = std::filesystem;

constexpr size_t kExamples = 12;
constexpr size_t kNegativesOfExample = 4;
constexpr int kPictureEdge = 320;  // pixels

std::string folder_name(const std::string& path) {
  const fs::path whole = fs::absolute(path).lexically_normal();
  return (whole.has_filename() ? whole : whole.parent_path()).filename().string();
}

std::map<std::string, QueryRow> query_rows(const Dataset& dataset) {
  std::map<std::string, QueryRow> rows;
  for (QueryRow& row : dataset.queries("train")) rows.emplace(row.query_id, std::move(row));
  return rows;
}

/// Pages as the report shows them.
class Pictures {
 public:
  Pictures(const Dataset& dataset, const TrainingData& data) : dataset_(dataset), data_(data) {
    for (DocumentRow& row : dataset.documents("train")) {
      documents_.emplace(row.document_id, std::move(row));
    }
  }

  ReportedDocument document(size_t place) const {
    const TrainingData::Page& page = data_.pages[place];
    ReportPage out;
    out.page_id = page.id;
    out.number = number_of(page.id);
    const auto found = documents_.find(page.document_id);
    if (found != documents_.end()) {
      const DocumentRow& row = found->second;
      out.document = row.title.empty() ? row.source_name : row.title;
      out.licence = row.licence;
    }
    if (out.document.empty()) out.document = page.document_id;
    draw(page, out);
    return {out, ""};
  }

 private:
  /// Page ids end with "-" and the number.
  static int number_of(const std::string& page_id) {
    const size_t dash = page_id.rfind('-');
    if (dash == std::string::npos) return 0;
    return std::atoi(page_id.c_str() + dash + 1);
  }

  void draw(const TrainingData::Page& page, ReportPage& out) const {
    try {
      const std::string bytes = dataset_.image(page.split, page.id);
      const Image image = decode_image(as_bytes(bytes), page.id);
      out.jpeg = report_thumbnail(image, kPictureEdge);
      out.width = image.width;
      out.height = image.height;
    } catch (const Error&) {
      out.jpeg.clear();  // the report then says that there is no picture
    }
  }

  const Dataset& dataset_;
  const TrainingData& data_;
  std::map<std::string, DocumentRow> documents_;
};

std::vector<size_t> queries_with_negatives(const TrainingData& data) {
  std::vector<size_t> out;
  for (size_t i = 0; i < data.queries.size(); ++i) {
    if (!data.queries[i].negatives.empty()) out.push_back(i);
  }
  return out;
}

std::vector<ReportCount> totals(const ReportedRun& run, const std::vector<Json>& metrics) {
  int64_t steps = 0;
  for (const Json& line : metrics) {
    if (line.contains("loss")) steps = std::max(steps, line["step"].get<int64_t>());
  }
  return {{"steps", steps},
          {"pairs", std::ssize(run.train.pairs)},
          {"queries", std::ssize(run.train.queries)},
          {"pages", std::ssize(run.train.pages)},
          {"held-out queries", std::ssize(run.held_out.queries)},
          {"held-out pages", std::ssize(run.held_out.pages)}};
}

}  // namespace

std::vector<ReportedPairs> reported_pairs(const ReportedRun& run) {
  const std::map<std::string, QueryRow> rows = query_rows(run.dataset);
  const std::string source = folder_name(run.settings.data);
  std::map<std::tuple<std::string, std::string, std::string>, ReportedPairs> groups;
  for (const TrainingData::Query& query : run.train.queries) {
    const QueryRow& row = rows.at(query.id);
    ReportedPairs& group = groups[{source, row.language, row.kind}];
    group.source = source;
    group.language = row.language;
    group.kind = row.kind;
    group.pairs += std::ssize(query.positives);
    if (!query.negatives.empty()) group.with_negatives += std::ssize(query.positives);
  }
  std::vector<ReportedPairs> out;
  for (auto& [key, group] : groups) out.push_back(std::move(group));
  std::stable_sort(out.begin(), out.end(),
                   [](const auto& a, const auto& b) { return a.pairs > b.pairs; });
  return out;
}

std::vector<ReportedExample> reported_examples(const ReportedRun& run) {
  const std::map<std::string, QueryRow> rows = query_rows(run.dataset);
  const std::vector<size_t> candidates = queries_with_negatives(run.train);
  std::vector<std::string> strata;
  for (const size_t place : candidates) {
    const QueryRow& row = rows.at(run.train.queries[place].id);
    strata.push_back(row.language + " " + row.kind);
  }
  const Pictures pictures(run.dataset, run.train);
  std::vector<ReportedExample> out;
  for (const size_t drawn : report_sample(strata, kExamples, run.settings.seed)) {
    const TrainingData::Query& query = run.train.queries[candidates[drawn]];
    const QueryRow& row = rows.at(query.id);
    ReportedExample example{query.text, {row.language, row.kind}, {}, {}};
    example.positive = pictures.document(query.positives.front());
    for (const size_t page : query.negatives) {
      if (example.negatives.size() == kNegativesOfExample) break;
      example.negatives.push_back(pictures.document(page));
    }
    out.push_back(std::move(example));
  }
  return out;
}

void write_train_report(const ReportedRun& run, const std::string& state) {
  const fs::path output(run.settings.output);
  TrainReport report;
  report.title = folder_name(run.settings.output);
  report.made_by = "recto " + std::string(recto_version());
  report.state = state;
  report.metrics = read_metrics(output / "metrics.jsonl");
  report.totals = totals(run, report.metrics);
  report.facts = run.facts;
  report.resources = run.resources;
  report.resources.emplace_back(
      "Peak memory of the process",
      fmt::format("{:.2f} GB", static_cast<double>(peak_memory_bytes()) / 1e9));
  report.settings = run.settings.to_json();
  report.mix = reported_pairs(run);
  report.examples = reported_examples(run);
  report.examples_total = std::ssize(queries_with_negatives(run.train));
  write_file(output / "train_report.html", train_report_html(report));
}

}  // namespace recto
