#include "curate/report_data.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/file.h"
#include "base/utf8.h"
#include "base/version.h"
#include "curate/dataset_text.h"
#include "data/dataset_id.h"
#include "page/decode.h"

namespace recto {

namespace {

constexpr size_t kSamples = 120;
constexpr size_t kNearPairs = 30;
constexpr size_t kExcerptBytes = 600;

std::vector<ReportCount> counts(const std::map<std::string, int64_t>& by_name) {
  std::vector<ReportCount> out;
  out.reserve(by_name.size());
  for (const auto& [name, count] : by_name) out.push_back({name.empty() ? "?" : name, count});
  std::stable_sort(out.begin(), out.end(),
                   [](const auto& a, const auto& b) { return a.count > b.count; });
  return out;
}

int64_t count_code_points(std::string_view text) {
  int64_t count = 0;
  for (size_t at = 0; at < text.size(); ++count) decode_utf8(text, at);
  return count;
}

class Planning {
 public:
  explicit Planning(const CuratedWhole& whole) : whole_(whole) {}

  PlannedReport run() {
    PlannedReport planned;
    CurationReport& out = planned.report;
    out.made_by = "recto " + std::string(recto_version());
    out.totals = {{"files", whole_.report.files},
                  {"documents", whole_.report.documents},
                  {"pages", whole_.report.pages},
                  {"queries", whole_.report.queries}};
    for (const StageCounts::Stage& stage : whole_.stages.stages()) {
      int64_t dropped = 0;
      for (const auto& [reason, count] : stage.dropped) dropped += count;
      out.stages.push_back({stage.name, stage.kept + dropped, stage.kept, counts(stage.dropped)});
    }
    add_shares(out);
    add_near_pairs(planned);
    add_samples(planned);
    return planned;
  }

 private:
  void add_shares(CurationReport& out) const {
    std::map<std::string, int64_t> page_languages;
    std::map<std::string, int64_t> page_splits;
    std::map<std::string, int64_t> licences;
    for (const CorpusPage& page : whole_.corpus.pages) {
      ++page_languages[page.language];
      ++page_splits[whole_.corpus.documents[page.document].split];
    }
    for (const DocumentRow& row : whole_.documents) ++licences[row.licence];
    std::map<std::string, int64_t> kinds;
    std::map<std::string, int64_t> query_languages;
    std::vector<int64_t> lengths;
    for (const CorpusQuery& query : whole_.queries) {
      ++kinds[query.row.kind];
      ++query_languages[query.row.language];
      lengths.push_back(count_code_points(query.row.query));
    }
    out.shares = {{"Languages of pages", counts(page_languages)},
                  {"Languages of queries", counts(query_languages)},
                  {"Kinds of queries", counts(kinds)},
                  {"Splits of pages", counts(page_splits)},
                  {"Licences of documents", counts(licences)}};
    out.histograms = {report_histogram("Length of queries", "characters", std::move(lengths))};
  }

  /// Pairs from one end of the list to the other.
  void add_near_pairs(PlannedReport& planned) {
    const auto& pairs = whole_.near.pairs;
    planned.report.near_pairs_total = std::ssize(pairs);
    const size_t wanted = std::min(kNearPairs, pairs.size());
    for (size_t i = 0; i < wanted; ++i) {
      const NearPair& pair = pairs[i * pairs.size() / wanted];
      planned.report.near_pairs.push_back({{}, {}, pair.distance, pair.jaccard, pair.duplicate});
      planned.near_pages.emplace_back(pair.a, pair.b);
    }
  }

  void add_samples(PlannedReport& planned) {
    std::vector<std::string> strata;
    std::vector<std::pair<size_t, int32_t>> pairs;
    for (size_t i = 0; i < whole_.queries.size(); ++i) {
      const CorpusQuery& query = whole_.queries[i];
      for (const int32_t answer : query.pages) {
        strata.push_back(query.row.kind + " " + query.row.language);
        pairs.emplace_back(i, answer);
      }
    }
    planned.report.samples_total = std::ssize(pairs);
    for (const size_t place : report_sample(strata, kSamples, whole_.seed)) {
      const auto& [number, answer] = pairs[place];
      const QueryRow& row = whole_.queries[number].row;
      planned.report.samples.push_back({row.query_id,
                                        row.query,
                                        row.kind,
                                        row.method,
                                        row.language,
                                        whole_.corpus.document_of(answer).split,
                                        {}});
      planned.sample_pages.push_back(answer);
    }
  }

  const CuratedWhole& whole_;
};

ReportPage shown_page(int32_t place, const Corpus& corpus,
                      const std::vector<DocumentRow>& documents, PageStore& store) {
  const CorpusPage& of = corpus.pages[place];
  const DocumentRow& document = documents[of.document];
  ReportPage out;
  out.page_id = corpus.page_id(place);
  out.document = document.title.empty() ? document.source_name : document.title;
  out.number = of.number;
  out.licence = document.licence;
  const Image image = decode_image(as_bytes(store.image(place)), out.page_id);
  out.jpeg = report_thumbnail(image);
  out.width = image.width;
  out.height = image.height;
  out.excerpt = replace_invalid_utf8(store.text(place).substr(0, kExcerptBytes));
  return out;
}

}  // namespace

void StageCounts::add(const AuditRow& row) {
  auto found = std::find_if(stages_.begin(), stages_.end(),
                            [&](const Stage& stage) { return stage.name == row.stage; });
  if (found == stages_.end()) found = stages_.insert(stages_.end(), Stage{row.stage, 0, {}});
  if (row.decision == "dropped") {
    ++found->dropped[short_reason(row)];
  } else {
    ++found->kept;
  }
}

PlannedReport plan_report(const CuratedWhole& whole) { return Planning(whole).run(); }

std::string curation_report(PlannedReport&& planned, const std::filesystem::path& directory,
                            const Corpus& corpus, const std::vector<DocumentRow>& documents,
                            PageStore& store) {
  CurationReport report = std::move(planned.report);
  report.title = "Curation of " + directory.filename().string();
  report.dataset_id = dataset_id(read_manifest_of(directory));
  const auto shown = [&](int32_t place) { return shown_page(place, corpus, documents, store); };
  for (size_t i = 0; i < report.near_pairs.size(); ++i) {
    report.near_pairs[i].first = shown(planned.near_pages[i].first);
    report.near_pairs[i].second = shown(planned.near_pages[i].second);
  }
  for (size_t i = 0; i < report.samples.size(); ++i) {
    report.samples[i].page = shown(planned.sample_pages[i]);
  }
  return report_html(report);
}

}  // namespace recto
