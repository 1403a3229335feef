// recto search: the pages of an index that are nearest to a query.
#include <memory>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "engine/cpu_embedder.h"
#include "search/found_pages.h"
#include "search/index_documents.h"
#include "search/page_search.h"

namespace recto {
namespace {

struct Options {
  std::string index, query, contact_sheet;
  std::string model, adapter;
  std::string mode;
  int k = 10;
  std::string fusion;
  std::optional<double> fusion_k;
  int threads = 0;
  bool json = false;
};

PageQuery query_of(const Options& options) {
  PageQuery query{.text = options.query, .k = options.k};
  if (!options.mode.empty()) query.mode = parse_search_mode(options.mode, "--mode");
  if (!options.fusion.empty()) query.fusion = parse_fuse_by(options.fusion, "--fusion");
  query.fusion_k = options.fusion_k;
  return query;
}

/// The query as the model's dense vector.
Matrix dense_query(const std::shared_ptr<const ModelDirectory>& model, const std::string& text,
                   int threads) {
  const auto embedder = make_cpu_embedder(model, {.threads = threads});
  const std::vector<ModelInput> inputs = {model->inputs().query(text)};
  if (inputs.front().truncated) {
    log_warning("the query is longer than the contract allows and was cut to {} tokens",
                model->contract().max_query_tokens);
  }
  return embedder->embed(inputs);
}

int run(const Options& options) {
  const PageIndex index = PageIndex::open(options.index);
  const auto model =
      open_index_model(index, options.model, options.adapter, /*verify_weights=*/false);
  const std::vector<IndexHit> hits = find_pages(
      index, *model, query_of(options),
      [&](const std::string& text) { return dense_query(model, text, options.threads); });
  if (index.pages() == 0) {
    log_warning("the index is empty; add documents with: recto index add {} PATH", options.index);
  }
  if (!options.contact_sheet.empty()) {
    write_file(options.contact_sheet, found_pages_png(index, options.query, hits));
  }
  print_result(options.json ? pretty_json(found_pages_json(options.query, hits))
                            : found_pages_text(hits));
  return 0;
}

std::string sheet_problem(const std::string& file) {
  if (std::filesystem::path(file).extension() == ".png") return {};
  return fmt::format("\"{}\" is no name for the sheet: it is a PNG; end the name with .png", file);
}

}  // namespace

void add_search_command(CommandLine& line) {
  const auto options = std::make_shared<Options>();
  CLI::App& app = line.add_command("search", "The pages of an index that are nearest to a query",
                                   [options] { return run(*options); });
  add_setting(app, "index", options->index, "Directory of the index", kInputGroup)
      ->type_name("DIR")
      ->required();
  add_setting(app, "query", options->query, "What to look for", kInputGroup)->required();
  add_setting(app, "k", options->k, "How many pages to find", kOutputGroup)
      ->type_name("N")
      ->check(CLI::Range(1, 1'000'000).description(""));
  add_setting(app, "mode", options->mode,
              "Vectors to search by: dense, sparse (the tokenizer alone reads the query), or "
              "both together (default: hybrid where the model has both, else dense)",
              kInputGroup)
      ->type_name("dense|sparse|hybrid")
      ->check(CLI::IsMember({"dense", "sparse", "hybrid"}).description(""));
  add_setting(
      app, "fusion", options->fusion,
      "What hybrid adds up: the scores of a page in both rankings, the sparse one half, or the "
      "reciprocals of its ranks (default: scores where dense vectors come from the vocabulary, "
      "else ranks)",
      kInputGroup)
      ->type_name("scores|ranks")
      ->check(CLI::IsMember({"scores", "ranks"}).description(""));
  add_setting(app, "fusion-k", options->fusion_k,
              "By ranks a page counts 1 / (K + its rank) in each ranking (default: 60)",
              kInputGroup)
      ->type_name("K")
      ->check(CLI::Range(0.0, 1e6).description(""));
  add_json_option(app, options->json);
  add_setting(app, "contact-sheet", options->contact_sheet,
              "Write the found pages with captions into this PNG", kOutputGroup)
      ->type_name("FILE")
      ->check(CLI::Validator([](std::string& file) { return sheet_problem(file); }, ""));
  add_index_model_options(app, options->model, options->adapter);
  add_threads_option(app, options->threads);
}

}  // namespace recto
