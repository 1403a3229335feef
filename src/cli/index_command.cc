// recto index create, recto index add: page pictures and their vectors in a directory.
#include <memory>

#include "base/error.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "engine/cpu_embedder.h"
#include "page/reader.h"
#include "search/index_documents.h"

namespace recto {
namespace {

constexpr const char* kGroupDescription = "Make an index of pages and add documents to it";

struct CreateOptions {
  std::string index;
  ModelOptions model;
  std::optional<int> dimensions;
};

int create(const CreateOptions& options) {
  const auto model = options.model.open();
  const Contract& contract = model->contract();
  const int dimensions = options.dimensions.value_or(contract.dimensions.front());
  PageIndex::create(options.index, contract, dimensions, index_model(*model));
  log_info("an empty index of {} dimensions in {}", dimensions, options.index);
  return 0;
}

struct AddOptions {
  std::string index;
  std::vector<std::string> paths;
  std::string model, adapter;
  RunOptions run;
  bool json = false;
};

std::vector<std::filesystem::path> all_files(const std::vector<std::string>& paths) {
  std::vector<std::filesystem::path> files;
  for (const std::string& path : paths) {
    const auto found = list_page_files(path);
    if (found.empty()) {
      fail(ErrorCode::kBadInput, "{} holds no PDF and no image (.pdf .jpg .jpeg .png .webp .gif)",
           path);
    }
    files.insert(files.end(), found.begin(), found.end());
  }
  return files;
}

int add(const AddOptions& options) {
  PageIndex index = PageIndex::open(options.index);
  const auto files = all_files(options.paths);
  const auto model =
      open_index_model(index, options.model, options.adapter, /*verify_weights=*/true);
  const auto embedder = make_cpu_embedder(model, options.run.engine());
  const IndexingReport report = add_documents(index, *embedder, files,
                                              {.batch_tokens = options.run.batch_tokens,
                                               .keep_going = options.run.keep_going,
                                               .label = "index"});
  log_info("{} pages of {} documents added to {}, which has {} pages now", report.pages,
           report.documents, options.index, index.pages());
  if (report.failed > 0) log_warning("{} bad inputs were skipped", report.failed);
  if (options.json) {
    print_result(pretty_json({{"documents", report.documents},
                              {"pages", report.pages},
                              {"present", report.present},
                              {"failed", report.failed},
                              {"index_pages", index.pages()}}));
  }
  return report.failed > 0 ? 1 : 0;
}

void add_index_option(CLI::App& app, std::string& index) {
  app.add_option("INDEX", index, "Directory of the index")->required()->configurable(false);
}

}  // namespace

void add_index_commands(CommandLine& line) {
  const auto to_create = std::make_shared<CreateOptions>();
  CLI::App& create_app =
      line.add_command("index", kGroupDescription, "create", "Make an empty index for a model",
                       [to_create] { return create(*to_create); });
  add_index_option(create_app, to_create->index);
  add_model_options(create_app, to_create->model);
  add_dimensions_option(create_app, to_create->dimensions);

  const auto to_add = std::make_shared<AddOptions>();
  CLI::App& add_app =
      line.add_command("index", kGroupDescription, "add", "Add PDFs, images and folders of them",
                       [to_add] { return add(*to_add); });
  add_index_option(add_app, to_add->index);
  add_paths(add_app, "PATH", to_add->paths, "PDFs, images, and folders that hold them");
  add_index_model_options(add_app, to_add->model, to_add->adapter);
  add_run_options(add_app, to_add->run);
  add_json_option(add_app, to_add->json);
}

}  // namespace recto
