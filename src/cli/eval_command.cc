// recto eval: systems measured on retrieval tasks, and compared.
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>

#include "base/file.h"
#include "base/log.h"
#include "base/threads.h"
#include "cli/commands.h"
#include "cli/feature_options.h"
#include "cli/options.h"
#include "cli/resampling_options.h"
#include "eval/evaluation.h"
#include "eval/set_means.h"
#include "model/model_write.h"

namespace recto {
namespace {

struct Options {
  ModelOptions model;
  EvaluationPlan plan;
  std::vector<int> longest_edges;
  std::vector<std::string> stored = {"fp32"};
  std::vector<std::string> other_models;
  std::vector<std::string> data, kinds, runs, vectors, bm25, training;
  std::string qrels, output;
  std::string name = "model";
  std::string subsets = "none";
  std::string feature_store, feature_dtype = "fp32";
  EmbeddingsEndpoint endpoint;
  std::string endpoint_api = "openai";
  int threads = 0;
  bool json = false;
};

/// A model once for each longest edge.
void open_edges(const ModelOptions& model, const std::string& name,
                const std::vector<int>& longest_edges, std::vector<EvaluatedModel>& models) {
  if (longest_edges.empty()) models.push_back({name, model.open()});
  for (const int edge : longest_edges) {
    ModelOptions one = model;
    one.longest_edge = edge;
    const bool first = edge == longest_edges.front();
    models.push_back({first ? name : fmt::format("{}-e{}", name, edge), one.open()});
  }
}

std::vector<EvaluatedModel> open_models(const Options& options) {
  std::vector<EvaluatedModel> models;
  if (!options.model.model.empty()) {
    open_edges(options.model, "model", options.longest_edges, models);
  }
  for (const std::string& text : options.other_models) {
    const NamedRun named = parse_named_run(text);
    ModelOptions other = options.model;
    other.adapter.clear();
    other.model = named.path.string();
    open_edges(other, named.name, options.longest_edges, models);
  }
  return models;
}

EvaluationPlan plan_of(const Options& options) {
  EvaluationPlan plan = options.plan;
  plan.data.assign(options.data.begin(), options.data.end());
  plan.training.assign(options.training.begin(), options.training.end());
  plan.kinds = options.kinds;
  plan.qrels = options.qrels;
  plan.language_subsets = options.subsets == "language";
  plan.options.threads = options.threads > 0 ? options.threads : available_cores();
  plan.engine = {.threads = options.threads, .batch_tokens = plan.options.batch_tokens};
  plan.options.stored.clear();
  for (const std::string& name : options.stored) {
    plan.options.stored.push_back(parse_stored_precision(name));
  }
  for (const std::string& run : options.runs) plan.runs.push_back(parse_named_run(run));
  for (const std::string& table : options.vectors) {
    plan.vectors.push_back(parse_named_vectors(table));
  }
  if (!options.bm25.empty()) plan.bm25.clear();
  for (const std::string& one : options.bm25) plan.bm25.push_back(parse_bm25(one));
  if (!options.endpoint.connection.url.empty()) {
    plan.endpoint = options.endpoint;
    plan.endpoint->api = parse_embeddings_api(options.endpoint_api);
  }
  if (!options.longest_edges.empty()) plan.picture_options.emplace_back("--longest-edges");
  plan.feature_store = options.feature_store;
  plan.feature_dtype = parse_weights_dtype(options.feature_dtype);
  if (!options.feature_store.empty()) plan.picture_options.emplace_back("--feature-store");
  if (options.model.longest_edge) plan.picture_options.emplace_back("--longest-edge");
  if (options.model.second_edge) plan.picture_options.emplace_back("--second-edge");
  if (!options.endpoint.page_prompt.empty()) plan.picture_options.emplace_back("--page-prompt");
  plan.models = open_models(options);
  for (const EvaluatedModel& one : plan.models) {
    const Contract& contract = one.model->contract();
    for (const int length : plan.options.dimensions) {
      truncate_dimensions(Matrix(0, contract.dimensions.front()), length, contract);
    }
  }
  return plan;
}

/// Throws Error(kUsage) for an option that changes nothing, since what it is about is not there.
void check_effects(const Options& options) {
  const bool model = !options.model.model.empty();
  const bool any_model = model || !options.other_models.empty();
  const bool endpoint = !options.endpoint.connection.url.empty();
  const bool vectors = any_model || endpoint || !options.vectors.empty();
  const Options usual;
  const auto wants = [](bool given, const char* option, bool there, const char* what) {
    if (given && !there) fail(ErrorCode::kUsage, "{} does nothing without {}", option, what);
  };
  constexpr const char* kVectors = "--model, --other-model, --vectors or --embeddings-endpoint";
  wants(!options.plan.options.dimensions.empty(), "--dimensions", vectors, kVectors);
  wants(options.stored != usual.stored, "--stored", vectors, kVectors);
  constexpr const char* kModels = "--model or --other-model";
  wants(!options.longest_edges.empty(), "--longest-edges", any_model, kModels);
  wants(options.model.longest_edge.has_value(), "--longest-edge", any_model, kModels);
  wants(options.model.second_edge.has_value(), "--second-edge", any_model, kModels);
  wants(!options.model.image_splitting.empty(), "--image-splitting", any_model, kModels);
  wants(!options.model.position_ids.empty(), "--position-ids", any_model, kModels);
  wants(!options.model.resample_order.empty(), "--resample-order", any_model, kModels);
  const bool store = !options.feature_store.empty();
  wants(store, "--feature-store", any_model, kModels);
  wants(options.feature_dtype != usual.feature_dtype, "--feature-dtype", store, "--feature-store");
  wants(!options.model.adapter.empty(), "--adapter", model, "--model");
  wants(options.name != usual.name, "--name", model, "--model");
  constexpr const char* kEndpoint = "--embeddings-endpoint";
  wants(!options.endpoint.connection.model.empty(), "--embeddings-model", endpoint, kEndpoint);
  wants(options.endpoint_api != usual.endpoint_api, "--embeddings-api", endpoint, kEndpoint);
  wants(options.endpoint.name != usual.endpoint.name, "--embeddings-name", endpoint, kEndpoint);
  wants(!options.endpoint.query_prefix.empty(), "--query-prefix", endpoint, kEndpoint);
  wants(!options.endpoint.page_prompt.empty(), "--page-prompt", endpoint, kEndpoint);
  const bool data = !options.data.empty();
  wants(
      options.endpoint.connection.parallel_requests != usual.endpoint.connection.parallel_requests,
      "--embeddings-requests", endpoint, kEndpoint);
  wants(!options.bm25.empty(), "--bm25", data, "--data");
  wants(options.plan.split != usual.plan.split, "--split", data, "--data");
  wants(options.subsets != usual.subsets, "--subsets", data, "--data");
}

/// Whether a system is --model, at whatever length, precision and longest edge.
bool is_first_model(const Options& options, const std::string& system) {
  return !options.model.model.empty() && (system == "model" || system.starts_with("model-"));
}

void print_reports(const Options& options, const std::vector<EvalReport>& reports) {
  if (options.json) {
    Json all = Json::array();
    for (const EvalReport& report : reports) all.push_back(results_json(report));
    print_result(pretty_json(reports.size() == 1 ? all[0] : all));
    return;
  }
  for (const EvalReport& report : reports) {
    if (reports.size() > 1) print_result(report.task.name + "\n");
    for (const SystemResult& system : report.systems) {
      const std::string label =
          is_first_model(options, system.name) ? options.name + system.name.substr(5) : system.name;
      print_result(summary_line(label, system, report.task) + "\n");
    }
  }
  for (const SetMean& mean : set_means(reports)) {
    print_result(fmt::format("{}, mean over {}\n", mean.set, fmt::join(mean.subsets, ", ")));
    for (const auto& [system, value] : mean.systems) {
      print_result(fmt::format("{} {} {:.4f}\n", system, metric_title(mean.metric), value));
    }
  }
}

void log_comparisons(const std::vector<EvalReport>& reports) {
  log_info("{}", resampling_text(reports.front().resampling));
  for (const EvalReport& report : reports) {
    for (const PairComparison& one : report.comparisons) {
      std::string text = comparison_text(one);
      text.pop_back();
      log_info("{}", text);
    }
  }
  const std::string chance = chance_text(reports.front().comparisons);
  if (!chance.empty()) log_info("{}", chance);
}

int run(const Options& options) {
  check_effects(options);
  {
    const StagedDirectory writable(options.output);
  }
  const Evaluation evaluation(plan_of(options));
  evaluation.write(options.output);
  print_reports(options, evaluation.reports());
  log_comparisons(evaluation.reports());
  return 0;
}

void add_task_options(CLI::App& app, Options& options) {
  add_setting(
      app, "data", options.data,
      "Dataset directory, as curate writes it, or a local set in the layout of mteb, ViDoRe "
      "or BEIR",
      kInputGroup)
      ->type_name("DIR");
  add_setting(app, "split", options.plan.split, "Split to measure on", kInputGroup);
  add_setting(app, "kind", options.kinds,
              "A task of its own for the queries of this kind, over all pages", kInputGroup)
      ->type_name("KIND");
  add_setting(app, "qrels", options.qrels,
              "Judgements in place of a dataset, of TREC or BEIR, for --run", kInputGroup)
      ->type_name("FILE");
  add_setting(app, "training", options.training,
              "What the systems were trained on: a dataset, a file of text pairs, or a model that "
              "recto train made. What it shares with the task is counted, and left out once",
              kInputGroup)
      ->type_name("PATH");
}

void add_system_options(CLI::App& app, Options& options) {
  constexpr const char* kSystemsGroup = "Systems beside the model";
  add_setting(app, "other-model", options.other_models,
              "Further model directory, opened as --model is", kSystemsGroup)
      ->type_name("[NAME=]DIR");
  add_setting(app, "run", options.runs, "TREC run of another system", kSystemsGroup)
      ->type_name("[NAME=]FILE");
  add_setting(app, "vectors", options.vectors,
              "Tables of vectors of another model, by page and query ids, in one file or two",
              kSystemsGroup)
      ->type_name("NAME=PAGES[,QUERIES]");
  add_setting(app, "bm25", options.bm25, "Parameters of BM25 (default: 1.2,0.75)", kSystemsGroup)
      ->type_name("K1,B");
}

void add_embeddings_endpoint_options(CLI::App& app, Options& options) {
  constexpr const char* kGroup = "Model behind an endpoint";
  EmbeddingsEndpoint& endpoint = options.endpoint;
  add_setting(app, "embeddings-endpoint", endpoint.connection.url,
              "Address of a server of embeddings, such as vLLM: http://HOST:PORT; the key, if it "
              "wants one, is read from RECTO_API_KEY or OPENAI_API_KEY",
              kGroup)
      ->type_name("URL");
  add_setting(app, "embeddings-model", endpoint.connection.model,
              "Name under which the server knows the model", kGroup)
      ->type_name("NAME");
  add_setting(app, "embeddings-api", options.endpoint_api, "What the server speaks", kGroup)
      ->type_name("openai|cohere")
      ->check(CLI::IsMember({"openai", "cohere"}).description(""));
  add_setting(app, "embeddings-name", endpoint.name, "What to call the system", kGroup);
  add_setting(app, "query-prefix", endpoint.query_prefix,
              "What the model wants in front of a query", kGroup);
  add_setting(app, "page-prompt", endpoint.page_prompt,
              "What the model wants beside a page's picture", kGroup);
  add_setting(app, "embeddings-requests", endpoint.connection.parallel_requests,
              "Requests at a time", kGroup)
      ->type_name("N")
      ->check(CLI::Range(1, 1024).description(""));
}

void add_variant_options(CLI::App& app, Options& options) {
  add_setting(app, "dimensions", options.plan.options.dimensions,
              "Lengths of the vectors, a system each (default: the full length)", kModelGroup)
      ->type_name("N,N,...")
      ->delimiter(',')
      ->default_str("");
  add_setting(app, "stored", options.stored,
              "Precisions of the stored page vectors, a system each: fp32, fp16, int8, binary",
              kModelGroup)
      ->type_name("NAME,NAME,...")
      ->delimiter(',')
      ->default_str("fp32");
  add_setting(app, "longest-edges", options.longest_edges,
              "Longest sides of a page in pixels, a system each", kModelGroup)
      ->type_name("N,N,...")
      ->delimiter(',')
      ->default_str("")
      ->check(CLI::Range(1, 4096).description(""));
}

void add_result_options(CLI::App& app, Options& options) {
  add_output_option(app, options.output,
                    "New directory for results.json, report.html, table.md, per_query.jsonl and "
                    "run.trec")
      ->type_name("DIR");
  add_setting(app, "name", options.name, "What to call the model in the printed table",
              kOutputGroup);
  add_setting(app, "main-metric", options.plan.main_metric,
              "What systems are compared by, such as ndcg_at_10", kOutputGroup)
      ->type_name("METRIC");
  add_setting(app, "subsets", options.subsets,
              "Subsets in results.json: none, or one for each language; the main score is their "
              "mean",
              kOutputGroup)
      ->type_name("none|language")
      ->check(CLI::IsMember({"none", "language"}).description(""));
  add_json_option(app, options.json);
}

}  // namespace

void add_eval_command(CommandLine& line) {
  const auto options = std::make_shared<Options>();
  CLI::App& app = line.add_command(
      "eval", "Models, runs, BM25 and random order measured on retrieval tasks, and compared",
      [options] { return run(*options); });
  add_task_options(app, *options);
  add_result_options(app, *options);
  add_model_options(app, options->model, "none");
  add_variant_options(app, *options);
  add_system_options(app, *options);
  add_embeddings_endpoint_options(app, *options);
  add_resampling_options(app, options->plan.resampling);
  add_threads_option(app, options->threads);
  add_batch_option(app, options->plan.options.batch_tokens);
  add_feature_options(app, options->feature_store, options->feature_dtype,
                      "Directory that keeps what a model makes of each page before anything that "
                      "trainings change, for later evaluations and trainings");
}

}  // namespace recto
