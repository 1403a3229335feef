#include "learn/train_report_data.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <tuple>

#include "base/cpu.h"
#include "base/directory_name.h"
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

/// "DATA", or "DATA (weight 2)".
std::string source_name(const TrainingData& data, size_t source) {
  const TrainingData::Source& of = data.sources[source];
  return of.weight == 1 ? of.name : fmt::format("{} (weight {:g})", of.name, of.weight);
}

/// Pages and passages as the report shows them.
class Documents {
 public:
  explicit Documents(const TrainingSources& sources) : sources_(sources) {}

  ReportedDocument document(size_t place) {
    const TrainingData::Page& page = sources_.train().pages[place];
    if (!page.passage.empty()) return {{}, page.passage};
    ReportPage out;
    out.page_id = page.id;
    out.number = page.number;
    out.document = page.document_id;
    if (const DocumentRow* row = row_of(page)) {
      out.document = row->title.empty() ? row->source_name : row->title;
      out.licence = row->licence;
    }
    draw(page, out);
    return {out, ""};
  }

 private:
  using Rows = std::map<std::string, DocumentRow>;

  const DocumentRow* row_of(const TrainingData::Page& page) {
    const auto [place, is_new] = rows_.try_emplace({page.source, page.split});
    const Dataset* dataset = sources_.dataset(page.source);
    if (is_new && dataset != nullptr) {
      for (DocumentRow& row : dataset->documents(page.split)) {
        place->second.emplace(row.document_id, std::move(row));
      }
    }
    const auto found = place->second.find(page.document_id);
    return found == place->second.end() ? nullptr : &found->second;
  }

  void draw(const TrainingData::Page& page, ReportPage& out) const {
    try {
      const Image image = decode_image(as_bytes(sources_.image(page)), page.id);
      out.jpeg = report_thumbnail(image, kPictureEdge);
      out.width = image.width;
      out.height = image.height;
    } catch (const Error&) {
      out.jpeg.clear();  // the report then says that there is no picture
    }
  }

  const TrainingSources& sources_;
  std::map<std::pair<size_t, std::string>, Rows> rows_;  // by source and split
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
  const TrainingData& train = run.sources.train();
  const TrainingData& held_out = run.sources.held_out();
  return {{"steps", steps},
          {"pairs", std::ssize(train.pairs)},
          {"queries", std::ssize(train.queries)},
          {"pages", std::ssize(train.pages)},
          {"held-out queries", std::ssize(held_out.queries)},
          {"held-out pages", std::ssize(held_out.pages)}};
}

}  // namespace

std::vector<ReportedPairs> reported_pairs(const TrainingData& data) {
  std::map<std::tuple<size_t, std::string, std::string>, ReportedPairs> groups;
  for (const TrainingData::Pair& pair : data.pairs) {
    const TrainingData::Query& query = data.queries[pair.query];
    ReportedPairs& group = groups[{query.source, query.language, query.kind}];
    if (group.pairs == 0) {
      group.source = source_name(data, query.source);
      group.language = query.language;
      group.kind = query.kind;
    }
    ++group.pairs;
    if (!query.negatives.empty()) ++group.with_negatives;
  }
  std::vector<ReportedPairs> out;
  out.reserve(groups.size());
  for (auto& [key, group] : groups) out.push_back(std::move(group));
  std::stable_sort(out.begin(), out.end(),
                   [](const auto& a, const auto& b) { return a.pairs > b.pairs; });
  return out;
}

std::vector<ReportedExample> reported_examples(const TrainingSources& sources, uint64_t seed) {
  const TrainingData& data = sources.train();
  const std::vector<size_t> candidates = queries_with_negatives(data);
  std::vector<std::string> strata;
  for (const size_t place : candidates) {
    const TrainingData::Query& query = data.queries[place];
    strata.push_back(fmt::format("{} {} {}", query.source, query.language, query.kind));
  }
  Documents documents(sources);
  std::vector<ReportedExample> out;
  for (const size_t drawn : report_sample(strata, kExamples, seed)) {
    const TrainingData::Query& query = data.queries[candidates[drawn]];
    ReportedExample example{query.text, {query.language, query.kind}, {}, {}};
    if (data.sources.size() > 1) example.tags.push_back(data.sources[query.source].name);
    example.positive = documents.document(query.positives.front());
    for (const size_t page : query.negatives) {
      if (example.negatives.size() == kNegativesOfExample) break;
      example.negatives.push_back(documents.document(page));
    }
    out.push_back(std::move(example));
  }
  return out;
}

void write_train_report(const ReportedRun& run, const std::string& state) {
  const fs::path output(run.settings.output);
  TrainReport report;
  report.title = directory_name(run.settings.output);
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
  report.mix = reported_pairs(run.sources.train());
  report.examples = reported_examples(run.sources, run.settings.seed);
  report.examples_total = std::ssize(queries_with_negatives(run.sources.train()));
  write_file(output / "train_report.html", train_report_html(report));
}

}  // namespace recto
