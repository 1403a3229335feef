#include "eval/evaluation.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/directory_name.h"
#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/stopwatch.h"
#include "data/dataset_import.h"
#include "eval/model_pages.h"
#include "eval/set_means.h"
#include "eval/trec.h"

namespace recto {
namespace fs = std::filesystem;

/// A dataset, and the directory it was imported into when it came in another layout.
struct Evaluation::Source {
  std::unique_ptr<TemporaryDirectory> imported;
  std::optional<Dataset> dataset;
  std::string name;
  std::string set;                    ///< as in RetrievalTask
  std::vector<std::string> prefixes;  ///< as in RetrievalTask
  int64_t unanswered = 0;             ///< queries that the import left out for want of a judgement
  ImportedFacts facts;
  bool texts = false;  ///< its pages have no pictures
};

namespace {

/// Whether `path` holds tables of another layout than recto's own.
bool is_foreign(const fs::path& path) {
  if (fs::is_regular_file(path)) return true;
  if (!fs::is_directory(path) || fs::exists(path / "manifest.json")) return false;
  if (fs::exists(path / "corpus.jsonl")) return true;
  const auto files = fs::recursive_directory_iterator(path);
  return std::any_of(begin(files), end(files), [](const fs::directory_entry& entry) {
    return entry.path().extension() == ".parquet";
  });
}

/// "english+french" of "english-" and "french-".
std::string corpus_name(const std::vector<std::string>& prefixes) {
  std::string name;
  for (const std::string& prefix : prefixes) {
    if (!name.empty()) name += '+';
    name += prefix_name(prefix);
  }
  return name;
}

std::vector<std::string> named_prefixes(std::vector<std::string> prefixes) {
  prefixes.erase(std::remove(prefixes.begin(), prefixes.end(), ""), prefixes.end());
  return prefixes;
}

ImportOptions import_options(const EvaluationPlan& plan) {
  return {.split = plan.split, .threads = plan.options.threads, .for_evaluation = true};
}

/// A set in another layout, or what it has of one of its corpora, read into a dataset.
template <typename Source>
std::shared_ptr<Source> import_source(const fs::path& path, const std::string& name,
                                      const ImportOptions& options) {
  auto source = std::make_shared<Source>();
  source->name = name;
  source->imported = std::make_unique<TemporaryDirectory>();
  const fs::path own = source->imported->path() / name;
  ImportReport report = import_dataset(path, own, options);
  log_info("{}: layout {}, {} pages", name, report.format, report.pages);
  for (const auto& [reason, count] : report.counts) {
    if (count > 0) log_info("{}: {}: {}", name, reason, count);
  }
  source->dataset = Dataset::open(own);
  source->texts = report.texts;
  source->unanswered = report.unanswered[options.split];
  source->facts = {std::move(report.absent[options.split]), true};
  return source;
}

/// The dataset at `path`; of a set with several corpora a dataset for each, since a query is asked
/// over its own.
template <typename Source>
std::vector<std::shared_ptr<Source>> open_sources(const fs::path& path,
                                                  const EvaluationPlan& plan) {
  const std::string name = directory_name(path);
  std::vector<std::shared_ptr<Source>> sources;
  if (!is_foreign(path)) {
    sources.push_back(std::make_shared<Source>());
    sources.back()->name = name;
    sources.back()->dataset = Dataset::open(path);
    return sources;
  }
  log_info("{} is read into a dataset of recto's", path.string());
  ImportOptions options = import_options(plan);
  const auto corpora = corpora_of(path, options);
  if (corpora.size() == 1) {
    sources.push_back(import_source<Source>(path, name, options));
    sources.back()->prefixes = named_prefixes(corpora.front());
    return sources;
  }
  log_info("{} has {} corpora; each is a task of its own", name, corpora.size());
  for (const std::vector<std::string>& prefixes : corpora) {
    options.corpora = prefixes;
    sources.push_back(import_source<Source>(path, name + "." + corpus_name(prefixes), options));
    sources.back()->set = name;
    sources.back()->prefixes = prefixes;
  }
  return sources;
}

template <typename Source>
std::vector<EvalReport> reports_of(const Source& source, const EvaluationPlan& plan) {
  if (source.texts && !plan.picture_options.empty()) {
    fail(ErrorCode::kUsage,
         "{} has texts without pictures; {} is about pictures of pages, leave it out", source.name,
         plan.picture_options.front());
  }
  std::vector<EvalReport> reports(std::max<size_t>(1, plan.kinds.size()));
  RetrievalTask whole = load_task(*source.dataset, plan.split, source.facts);
  whole.set = source.set;
  whole.prefixes = source.prefixes;
  whole.queries_without_qrels += source.unanswered;
  whole.texts_only = source.texts;
  for (size_t i = 0; i < reports.size(); ++i) {
    reports[i].resampling = plan.resampling;
    reports[i].task = plan.kinds.empty() ? whole : only_kind(whole, plan.kinds[i]);
  }
  return reports;
}

/// Embeds the pages once for all tasks of a dataset.
void add_models(std::vector<EvalReport>& reports, const Dataset& dataset,
                const EvaluationPlan& plan, const ModelStores& stores) {
  for (size_t i = 0; i < plan.models.size(); ++i) {
    const EvaluatedModel& one = plan.models[i];
    const auto embedder = make_cpu_embedder(one.model, plan.engine);
    const EmbeddedPages embedded = model_pages(dataset, plan, *embedder, one, stores[i]);
    for (EvalReport& report : reports) {
      add_model(report, *embedder, embedded, plan.options, one.name);
    }
  }
}

void check_contracts(const NamedVectors& named, const Embeddings& pages,
                     const Embeddings& queries) {
  if (pages.contract.empty() || queries.contract.empty()) return;
  if (pages.contract == queries.contract) return;
  fail(ErrorCode::kMismatch,
       "{}: the pages were embedded under the contract {}, the queries under "
       "{}",
       named.name, pages.contract, queries.contract);
}

/// The vectors of a task's pages and queries.
struct TaskVectors {
  Matrix pages, queries;
};

/// Calls `use` with each table's vectors for each of `reports`.
template <typename Reports, typename Use>
void for_each_table(Reports& reports, const EvaluationPlan& plan, const Use& use) {
  for (const NamedVectors& named : plan.vectors) {
    const Embeddings pages = read_embeddings(named.pages);
    const bool together = named.queries == named.pages;
    const Embeddings queries = together ? pages : read_embeddings(named.queries);
    check_contracts(named, pages, queries);
    for (auto& report : reports) {
      const TaskVectors vectors = {
          rows_of_table(pages, page_names(report.task), named.pages.string()),
          rows_of_table(queries, query_names(report.task), named.queries.string())};
      use(report, vectors, named.name);
    }
  }
}

void add_tables(std::vector<EvalReport>& reports, const EvaluationPlan& plan) {
  for_each_table(reports, plan,
                 [&](EvalReport& report, const TaskVectors& vectors, const std::string& name) {
                   add_vectors(report, vectors.pages, vectors.queries, plan.options, name);
                 });
}

/// Throws what add_tables() would, before models have worked for hours. Tables are read twice then,
/// so that those of one dataset are in memory at a time.
void check_tables(const std::vector<EvalReport>& reports, const EvaluationPlan& plan) {
  if (plan.models.empty() && !plan.endpoint) return;
  for_each_table(reports, plan,
                 [&](const EvalReport&, const TaskVectors& vectors, const std::string& name) {
                   check_vectors(vectors.pages, vectors.queries, plan.options, name);
                 });
}

void add_endpoint(std::vector<EvalReport>& reports, const Dataset& dataset,
                  const EvaluationPlan& plan) {
  if (!plan.endpoint) return;
  const EndpointEmbedder embedder(*plan.endpoint);
  const EmbeddedPages pages = embedder.pages(dataset, plan.split);
  for (EvalReport& report : reports) {
    const Stopwatch watch;
    const Matrix queries = embedder.queries(report.task);
    const double taken = watch.seconds();
    const size_t before = report.systems.size();
    add_vectors(report, pages.pages.vectors, queries, plan.options, plan.endpoint->name);
    for (size_t i = before; i < report.systems.size(); ++i) {
      SystemResult& result = report.systems[i];
      result.description += fmt::format(", {} behind an endpoint", plan.endpoint->connection.model);
      result.cost.page_seconds = pages.seconds;
      result.cost.query_seconds += taken;
    }
  }
}

std::vector<SystemResult> rank_runs(const EvalReport& report, const EvaluationPlan& plan,
                                    const std::vector<Run>& runs) {
  std::vector<SystemResult> results;
  for (size_t i = 0; i < runs.size(); ++i) {
    const std::string& name = plan.runs[i].name;
    SystemResult result = rank_run(report.task, name, runs[i]);
    if (result.queries_missing > 0) {
      log_warning("run {}: {} of {} queries are not in it and count as 0", name,
                  result.queries_missing, report.task.queries.size());
    }
    if (result.queries_unknown > 0) {
      log_warning("run {}: {} queries have no judgement in {} and are left out", name,
                  result.queries_unknown, report.task.name);
    }
    results.push_back(std::move(result));
  }
  return results;
}

void add_systems(EvalReport& report, std::vector<SystemResult> results) {
  for (SystemResult& result : results) report.systems.push_back(std::move(result));
}

std::vector<Run> read_runs(const EvaluationPlan& plan) {
  std::vector<Run> runs;
  runs.reserve(plan.runs.size());
  for (const NamedRun& named : plan.runs) runs.push_back(read_run(named.path));
  return runs;
}

void check_plan(const EvaluationPlan& plan) {
  if (plan.data.empty() == plan.qrels.empty()) {
    fail(ErrorCode::kUsage, "name the task: either --data DIR or --qrels FILE");
  }
  if (!plan.qrels.empty() && plan.runs.empty()) {
    fail(ErrorCode::kUsage, "--qrels is for runs: name at least one with --run FILE");
  }
  if (!plan.qrels.empty() && (!plan.models.empty() || !plan.vectors.empty() || plan.endpoint ||
                              !plan.kinds.empty() || !plan.training.empty())) {
    fail(ErrorCode::kUsage,
         "--qrels has judgements alone; models, vectors, kinds and training data need --data DIR");
  }
  check_metric_name(plan.main_metric);
  std::set<std::string> names;
  const auto claim = [&](const std::string& name) {
    const bool is_word = name.find_first_of(" \t\r\n\v\f/") == std::string::npos && !name.empty();
    if (!is_word) {
      fail(
          ErrorCode::kUsage,
          "a system cannot be called \"{}\": files are named after it, and runs have it as a word; "
          "write NAME=PATH with another name",
          name);
    }
    if (names.insert(name).second) return;
    fail(ErrorCode::kUsage, "two systems are called \"{}\"; write NAME=PATH to tell them apart",
         name);
  };
  const auto claim_variants = [&](const std::string& name, bool sparse) {
    for (const std::string& variant : system_names(name, plan.options, sparse)) claim(variant);
  };
  for (const EvaluatedModel& one : plan.models) {
    claim_variants(one.name, one.model->contract().sparse.has_value());
  }
  for (const NamedVectors& one : plan.vectors) claim_variants(one.name, false);
  if (plan.endpoint) claim_variants(plan.endpoint->name, false);
  for (const NamedRun& one : plan.runs) claim(one.name);
  if (!plan.qrels.empty()) return;
  for (const Bm25Parameters& one : plan.bm25) claim(bm25_name(one));
  claim("random");
}

/// compare_systems() of each, and p values over all together.
void compare(std::vector<EvalReport>& reports, const EvaluationPlan& plan) {
  std::vector<PairComparison> all;
  for (EvalReport& report : reports) {
    report.main_metric = plan.main_metric;
    report.language_subsets = plan.language_subsets;
    report.resampling = plan.resampling;
    compare_systems(report);
    all.insert(all.end(), report.comparisons.begin(), report.comparisons.end());
  }
  correct_together(all);
  if (std::ssize(all) * 20 > plan.resampling.permutations) {
    log_warning(
        "{} comparisons: with {} permutations none can be told apart after Holm's correction; draw "
        "more with --permutations",
        all.size(), plan.resampling.permutations);
  }
  auto next = all.begin();
  for (EvalReport& report : reports) {
    for (PairComparison& one : report.comparisons) one = *next++;
  }
}

void note_contamination(EvalReport& report, const Dataset& dataset, const EvaluationPlan& plan) {
  if (plan.training.empty()) return;
  report.contamination = find_contamination(report.task, dataset, plan.training);
  const Contamination& found = *report.contamination;
  if (!found.is_flagged()) return;
  log_warning(
      "{} is contaminated: the training data has {} of its documents, {} of its pages and {} of "
      "its queries; {} of {} queries are touched",
      report.task.name, found.documents, found.pages, found.queries, found.touched.size(),
      report.task.queries.size());
}

/// A dataset with what needs no model: whatever may be wrong with it, or with what is compared on
/// it, has been found.
template <typename Source>
struct PreparedData {
  std::shared_ptr<Source> source;
  std::vector<EvalReport> reports;
  std::vector<std::vector<SystemResult>> runs;  ///< of each report
};

template <typename Source>
PreparedData<Source> prepare(std::shared_ptr<Source> source, const EvaluationPlan& plan,
                             const std::vector<Run>& runs) {
  PreparedData<Source> out;
  out.source = std::move(source);
  out.reports = reports_of(*out.source, plan);
  check_tables(out.reports, plan);
  for (EvalReport& report : out.reports) {
    out.runs.push_back(rank_runs(report, plan, runs));
    note_contamination(report, *out.source->dataset, plan);
  }
  return out;
}

/// Throws what the endpoint will answer to a query and a page, before models have worked for hours.
template <typename Source>
void check_endpoint(const PreparedData<Source>& data, const EvaluationPlan& plan) {
  if (!plan.endpoint || plan.models.empty()) return;
  EndpointEmbedder(*plan.endpoint)
      .check(*data.source->dataset, data.reports.front().task, plan.options);
}

}  // namespace

Evaluation::Evaluation(const EvaluationPlan& plan) {
  check_plan(plan);
  if (plan.endpoint) EndpointEmbedder{*plan.endpoint};  // throws for an address of no use
  const std::vector<Run> runs = read_runs(plan);
  const ModelStores stores = open_model_stores(plan);
  if (!plan.qrels.empty()) {
    EvalReport report;
    report.task = judged_task(plan.qrels.stem().string(), read_qrels(plan.qrels), runs);
    add_systems(report, rank_runs(report, plan, runs));
    reports_.push_back(std::move(report));
    sources_.push_back(nullptr);
  }
  std::vector<PreparedData<Source>> all;
  std::map<std::string, int> sets;  // how often each name was there
  for (const fs::path& path : plan.data) {
    const int number = ++sets[directory_name(path)];
    for (auto& source : open_sources<Source>(path, plan)) {
      if (!source->set.empty() && number > 1) source->set += fmt::format("-{}", number);
      all.push_back(prepare(std::move(source), plan, runs));
    }
  }
  for (const PreparedData<Source>& data : all) check_endpoint(data, plan);
  for (PreparedData<Source>& data : all) {
    const Dataset& dataset = *data.source->dataset;
    add_models(data.reports, dataset, plan, stores);
    add_tables(data.reports, plan);
    add_endpoint(data.reports, dataset, plan);
    for (size_t i = 0; i < data.reports.size(); ++i) {
      add_systems(data.reports[i], std::move(data.runs[i]));
      add_baselines(data.reports[i], plan.bm25);
      for (const std::string& remark : task_remarks(data.reports[i])) {
        log_warning("{}: {}", data.reports[i].task.name, remark);
      }
      reports_.push_back(std::move(data.reports[i]));
      sources_.push_back(data.source);
    }
  }
  compare(reports_, plan);
}

Evaluation::~Evaluation() = default;

void Evaluation::write(const fs::path& directory) const {
  const auto picture = [&](size_t i) -> PagePicture {
    if (sources_[i] == nullptr) return nullptr;
    return [source = sources_[i], split = reports_[i].task.split](const std::string& page_id) {
      return source->dataset->image(split, page_id);
    };
  };
  if (reports_.size() == 1) {
    write_report(directory, reports_.front(), picture(0));
  } else {
    write_reports(directory, reports_, picture);
  }
}

NamedRun parse_named_run(const std::string& text) {
  const size_t equals = text.find('=');
  const bool named = equals != std::string::npos && equals > 0 &&
                     text.substr(0, equals).find('/') == std::string::npos;
  const fs::path path = named ? text.substr(equals + 1) : text;
  return {named ? text.substr(0, equals) : path.stem().string(), path};
}

NamedVectors parse_named_vectors(const std::string& text) {
  const size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == text.size()) {
    fail(ErrorCode::kUsage, "--vectors \"{}\": wanted NAME=PAGES or NAME=PAGES,QUERIES", text);
  }
  const std::string paths = text.substr(equals + 1);
  const size_t comma = paths.find(',');
  const std::string pages = paths.substr(0, comma);
  return {text.substr(0, equals), pages,
          comma == std::string::npos ? pages : paths.substr(comma + 1)};
}

Bm25Parameters parse_bm25(const std::string& text) {
  Bm25Parameters out;
  size_t k1_end = 0;
  size_t b_end = 0;
  const size_t comma = text.find(',');
  try {
    if (comma == std::string::npos) throw std::invalid_argument("comma");
    out.k1 = std::stod(text.substr(0, comma), &k1_end);
    out.b = std::stod(text.substr(comma + 1), &b_end);
  } catch (const std::exception&) {
    k1_end = std::string::npos;
  }
  const bool numbers =
      comma != std::string::npos && k1_end == comma && b_end == text.size() - comma - 1;
  if (!numbers || !(out.k1 >= 0 && out.k1 <= 100) || !(out.b >= 0 && out.b <= 1)) {
    fail(ErrorCode::kUsage,
         "--bm25 \"{}\": wanted K1,B such as 1.2,0.75; K1 from 0 to 100, B from "
         "0 to 1",
         text);
  }
  return out;
}

}  // namespace recto
