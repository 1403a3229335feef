// recto search: the pages of an index that are nearest to a query.
#include <memory>

#include "base/file.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "engine/cpu_embedder.h"
#include "search/found_pages.h"
#include "search/index_documents.h"

namespace recto {
namespace {

struct Options {
  std::string index, query, contact_sheet;
  std::string model, adapter;
  int k = 10;
  int threads = 0;
  bool json = false;
};

int run(const Options& options) {
  const PageIndex index = PageIndex::open(options.index);
  const auto model =
      open_index_model(index, options.model, options.adapter, /*verify_weights=*/false);
  const auto embedder = make_cpu_embedder(model, {.threads = options.threads});
  const std::vector<ModelInput> inputs = {model->inputs().query(options.query)};
  if (inputs.front().truncated) {
    log_warning("the query is longer than the contract allows and was cut to {} tokens",
                model->contract().max_query_tokens);
  }
  const Matrix vector =
      truncate_dimensions(embedder->embed(inputs), index.dimensions(), model->contract());
  const auto hits = index.search(vector, options.k).front();
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
  add_json_option(app, options->json);
  add_setting(app, "contact-sheet", options->contact_sheet,
              "Write the found pages with captions into this PNG", kOutputGroup)
      ->type_name("FILE")
      ->check(CLI::Validator([](std::string& file) { return sheet_problem(file); }, ""));
  add_index_model_options(app, options->model, options->adapter);
  add_threads_option(app, options->threads);
}

}  // namespace recto
