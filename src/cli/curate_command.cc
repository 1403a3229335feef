// recto curate: documents to a dataset.
#include <cstdio>
#include <memory>

#include "base/error.h"
#include "base/threads.h"
#include "cli/commands.h"
#include "cli/curation_result.h"
#include "cli/endpoint_options.h"
#include "cli/options.h"
#include "curate/curate.h"
#include "curate/shard.h"

namespace recto {
namespace {

struct Options {
  std::vector<std::string> paths;
  std::string output;
  CurateOptions curate;
  int threads = 0;
  std::string sources;
  std::vector<std::string> generators;
  EndpointOptions endpoint;
  std::vector<std::string> exclude;
  std::string judge;
  std::string ocr = "auto";
  std::string cleaning = "on";
  std::string near_duplicates = "on";
  std::string negative_ranks;
  std::string balance_by = balance_by_name(BalanceBy::kSource);
  std::string shard;
  bool json = false;
};

/// "2/5".
ShardPart parse_shard(const std::string& text) {
  ShardPart part;
  int used = 0;
  if (std::sscanf(text.c_str(), "%d/%d%n", &part.index, &part.count, &used) != 2 ||
      used != static_cast<int>(text.size())) {
    fail(ErrorCode::kUsage, "--shard {}: I/N is wanted, such as 1/4", text);
  }
  return part;
}

/// "5-50" into first and last rank.
void parse_ranks(const std::string& text, NegativeSettings& negatives) {
  int used = 0;
  if (std::sscanf(text.c_str(), "%d-%d%n", &negatives.first_rank, &negatives.last_rank, &used) !=
          2 ||
      used != static_cast<int>(text.size())) {
    fail(ErrorCode::kUsage, "--negative-ranks {}: FIRST-LAST is wanted, such as 1-50", text);
  }
}

/// The names of --generator take the place of the default ones; "default" stands for these.
void choose_generators(Options& options) {
  if (options.generators.empty()) return;
  options.curate.generators.clear();
  for (const std::string& name : options.generators) {
    if (name == "openai") {
      options.curate.endpoint = options.endpoint.settings();
    } else if (name == "default") {
      options.curate.generators.merge(standard_generators());
    } else {
      options.curate.generators.insert(name);
    }
  }
}

/// What is said to an endpoint is lost where none is asked.
void check_endpoint_is_asked(const Options& options) {
  if (options.curate.endpoint) return;
  const EndpointSettings& values = options.endpoint.values;
  const std::pair<const char*, bool> given[] = {
      {"--endpoint is asked only by", !values.url.empty()},
      {"--dry-run counts what would be asked by", values.dry_run},
      {"--llm names a model for", !values.model.empty()},
      {"--prompt is for", !options.endpoint.prompt.empty()},
      {"--request-parameters are for", !options.endpoint.parameters.empty()},
      {"--max-requests is for", values.max_requests != 0}};
  for (const auto& [what, is_given] : given) {
    if (!is_given) continue;
    fail(ErrorCode::kUsage, "{} --generator openai, which is not named; add it, or leave this out",
         what);
  }
}

int run(Options options) {
  choose_generators(options);
  check_endpoint_is_asked(options);
  if (!options.negative_ranks.empty())
    parse_ranks(options.negative_ranks, options.curate.negatives);
  options.curate.exclude.assign(options.exclude.begin(), options.exclude.end());
  options.curate.judge = options.judge;
  options.curate.ocr = options.ocr == "auto";
  options.curate.cleaning = options.cleaning == "on";
  options.curate.near_duplicates = options.near_duplicates == "on";
  options.curate.balance.by = parse_balance_by(options.balance_by);
  options.curate.balance.seed = options.curate.seed;
  options.curate.threads = options.threads > 0 ? options.threads : available_cores();
  options.curate.sources = options.sources;
  const std::vector<std::filesystem::path> paths(options.paths.begin(), options.paths.end());
  const CurateReport report =
      options.shard.empty()
          ? curate(paths, options.output, options.curate)
          : curate_shard(paths, options.output, options.curate, parse_shard(options.shard));
  return print_curation(report, options.json);
}

constexpr const char* kQueryGroup = "Queries";
constexpr const char* kComparisonGroup = "Steps to leave out, for comparisons";
constexpr const char* kNegativeGroup = "Hard negatives";
constexpr const char* kBalanceGroup = "Balance";

std::string generator_names() {
  std::string names;
  for (const GeneratorInfo& info : generators()) names += std::string(info.name) + ", ";
  return names + "cross_lingual, openai (a model endpoint), or default";
}

void add_query_options(CLI::App& app, Options& options) {
  CurateOptions& curate = options.curate;
  add_setting(app, "generator", options.generators,
              "Makes queries, in place of the default ones: " + generator_names(), kQueryGroup)
      ->type_name("NAME");
  add_setting(app, "sentences-per-page", curate.sentences_per_page,
              "Most queries that the generator sentence makes of a page", kQueryGroup)
      ->type_name("N");
  add_setting(app, "round-trip", curate.round_trip,
              "A query's page must be among that many first ones of BM25, or of --judge; 0: not "
              "asked for",
              kQueryGroup)
      ->type_name("K");
  add_setting(app, "judge", options.judge,
              "A retriever that judges queries and finds negatives beside BM25", kQueryGroup)
      ->type_name("DIR");
  add_setting(app, "exclude", options.exclude,
              "Evaluation data (a dataset, Parquet files, or a list of hashes) whose pages and "
              "queries are left out",
              kQueryGroup)
      ->type_name("PATH");
  add_setting(app, "generic-families", curate.generic_families,
              "Words that stand in that many families are no query", kQueryGroup)
      ->type_name("N");
  add_setting(app, "max-pages-per-query", curate.max_pages_per_query,
              "A query with more answers in its family is none", kQueryGroup)
      ->type_name("N");
}

/// Steps that can be left out, to measure what they are worth.
void add_comparison_options(CLI::App& app, Options& options) {
  const auto add_switch = [&](const char* name, std::string& value, const char* description) {
    add_setting(app, name, value, description, kComparisonGroup)
        ->check(CLI::IsMember({"on", "off"}).description(""))
        ->type_name("on|off");
  };
  add_switch("cleaning", options.cleaning,
             "off: queries pass no rules, are not merged by their words, make no round trip");
  add_switch("near-duplicates", options.near_duplicates,
             "off: pages that are nearly the same are not looked for, each stands for itself");
}

void add_negative_options(CLI::App& app, Options& options) {
  NegativeSettings& negatives = options.curate.negatives;
  add_setting(app, "negatives", negatives.per_query,
              "Hard negatives a query, from BM25 and from --judge each; 0 for none", kNegativeGroup)
      ->type_name("N");
  add_setting(app, "negative-ranks", options.negative_ranks,
              "Ranks they are taken from, answers not counted (default: 1-50)", kNegativeGroup)
      ->type_name("FIRST-LAST");
  add_setting(app, "negative-max-share", negatives.max_share,
              "Their score is at most this share of an answer's", kNegativeGroup)
      ->type_name("SHARE");
  app.add_option("--negative-max-score", negatives.max_score,
                 "Their score is at most this, whatever an answer's")
      ->envname(environment_name("negative-max-score"))
      ->group(kNegativeGroup)
      ->type_name("SCORE");
  add_setting(app, "negatives-other-document", negatives.other_document,
              "Never of an answer's document", kNegativeGroup);
  add_setting(app, "negatives-other-family", negatives.other_family,
              "Never of an answer's family: its document, translations and editions",
              kNegativeGroup);
}

void add_balance_options(CLI::App& app, Options& options) {
  BalanceSettings& balance = options.curate.balance;
  add_setting(app, "max-per-language", balance.max_per_language,
              "Queries of one language; 0 for no cap", kBalanceGroup)
      ->type_name("N");
  add_setting(app, "max-per-source", balance.max_per_source,
              "Queries of one source: a title of --sources, else an archive or a folder; 0 for no "
              "cap",
              kBalanceGroup)
      ->type_name("N");
  add_setting(app, "max-per-document", balance.max_per_document,
              "Queries of one document; 0 for no cap", kBalanceGroup)
      ->type_name("N");
  add_setting(app, "max-per-kind", balance.max_per_kind, "Queries of one kind; 0 for no cap",
              kBalanceGroup)
      ->type_name("N");
  add_setting(app, "max-queries", balance.target, "Queries to keep of all; 0 keeps all",
              kBalanceGroup)
      ->type_name("N");
  add_setting(app, "balance-temperature", balance.temperature,
              "With --max-queries: language x source x kind of n queries counts n^(1/T)",
              kBalanceGroup)
      ->type_name("T");
  add_setting(app, "balance-by", options.balance_by,
              "With --max-queries: source, or document: language x document x kind is evened out",
              kBalanceGroup)
      ->check(CLI::IsMember({"source", "document"}).description(""))
      ->type_name("source|document");
}

}  // namespace

void add_curate_command(CommandLine& line) {
  const auto options = std::make_shared<Options>();
  CurateOptions& curate = options->curate;
  CLI::App& app =
      line.add_command("curate", "A dataset of pages and queries from PDFs and page images",
                       [options] { return run(*options); });
  add_paths(app, "PATH", options->paths,
            "PDFs, images, office files, archives, and folders that hold them");
  add_setting(app, "sources", options->sources,
              "Where files come from: a table with the columns glob, title, licence, url, language",
              kInputGroup)
      ->type_name("FILE.csv");
  add_setting(app, "require-licence", curate.require_licence,
              "Leave out files for which --sources names no licence", kInputGroup);
  add_setting(app, "test-documents", curate.test_documents,
              "Documents whose families are the test, as a shell pattern of file name or path",
              kInputGroup)
      ->type_name("GLOB");
  add_setting(app, "test-share", curate.test_share,
              "Share of the families in the test (default: 0.1, or 0 with --test-documents)",
              kInputGroup)
      ->type_name("SHARE")
      ->check(CLI::Range(0.0, 1.0).description(""));
  add_setting(
      app, "validation-documents", curate.validation_documents,
      "Documents whose families are the validation split, in the same way; of a family that "
      "both name, test",
      kInputGroup)
      ->type_name("GLOB");
  add_setting(app, "validation-share", curate.validation_share,
              "Share of the families in the validation split (default: 0.1, or 0 with "
              "--validation-documents)",
              kInputGroup)
      ->type_name("SHARE")
      ->check(CLI::Range(0.0, 1.0).description(""));
  add_keep_going_option(app, curate.keep_going);
  add_seed_option(app, curate.seed);
  add_output_option(app, options->output, "The new dataset directory")->type_name("DIR");
  add_setting(app, "longest-edge", curate.longest_edge, "Longest side of a page picture in pixels",
              kOutputGroup)
      ->type_name("PIXELS")
      ->check(CLI::Range(16, 8192).description(""));
  add_setting(app, "jpeg-quality", curate.jpeg_quality, "Quality of page pictures", kOutputGroup)
      ->type_name("N")
      ->check(CLI::Range(1, 100).description(""));
  add_setting(app, "shard", options->shard,
              "Read only part I of N of the files; recto dataset merge joins the N outputs",
              kOutputGroup)
      ->type_name("I/N");
  add_setting(app, "ocr", options->ocr,
              "auto: pages without a usable text layer are read by tesseract, where it is "
              "installed; off: they are not",
              kInputGroup)
      ->check(CLI::IsMember({"auto", "off"}).description(""))
      ->type_name("auto|off");
  add_query_options(app, *options);
  add_negative_options(app, *options);
  add_balance_options(app, *options);
  add_comparison_options(app, *options);
  add_endpoint_options(app, options->endpoint);
  add_json_option(app, options->json);
  add_setting(app, "threads", options->threads, "Documents read at a time; 0 is one for each core",
              kSpeedGroup)
      ->type_name("N")
      ->check(CLI::Range(0, 1024).description(""));
}

}  // namespace recto
