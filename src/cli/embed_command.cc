// recto embed: queries, images, pages of PDFs and input lines to a table of vectors.
#include <algorithm>
#include <memory>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "data/table.h"
#include "engine/cpu_embedder.h"
#include "engine/embed_pipeline.h"
#include "page/decode.h"

namespace recto {
namespace {

struct Options {
  ModelOptions model;
  RunOptions run;
  std::vector<std::string> queries, images, pdfs, inputs;
  std::string output;
  std::optional<int> dimensions;
  bool json = false;
};

EmbedItem item_of_row(EmbedRow&& row) {
  EmbedItem item;
  item.id = std::move(row.id);
  item.query = std::move(row.query);
  item.passage = std::move(row.passage);
  item.text = std::move(row.text);
  item.image = std::move(row.image_path);
  item.image_bytes = std::move(row.image_bytes);
  item.pdf = std::move(row.pdf);
  item.page = row.page;
  item.where = std::move(row.where);
  return item;
}

// Document opens images too; here the row would be named a page of a PDF. `instead` says where the
// image belongs.
void check_pdf(const std::filesystem::path& file, const std::string& where, const char* instead) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(file, ignored)) return;  // said when it is opened
  const MappedFile mapped(file);
  const auto bytes = mapped.bytes();
  if (image_format(bytes.first(std::min<size_t>(bytes.size(), 64))).empty()) return;
  fail(ErrorCode::kBadInput, "{}{}: an image, where a PDF is wanted; {}", where, file.string(),
       instead);
}

void add_pdf(const std::string& file, EmbedIntake& intake) {
  try {
    check_pdf(file, "", "give it with --image");
  } catch (const Error& error) {
    intake.add_error(error);
    return;
  }
  intake.add({.id = file, .pdf = file});
}

void add_row(EmbedRow&& row, EmbedIntake& intake) {
  try {
    if (!row.pdf.empty()) check_pdf(row.pdf, row.where + ": ", "name it in the column image");
  } catch (const Error& error) {
    intake.add_error(error);
    return;
  }
  intake.add(item_of_row(std::move(row)));
}

void add_lines(const std::string& file, std::set<std::string>& ids, EmbedIntake& intake) {
  for_each_embed_row(
      file,
      [&](EmbedRow&& row) {
        if (!ids.insert(row.id).second) {
          intake.add_error(Error(ErrorCode::kBadInput,
                                 fmt::format("{}: the id \"{}\" stands on an earlier line too; "
                                             "ids must differ",
                                             row.where, row.id)));
          return;
        }
        add_row(std::move(row), intake);
      },
      [&](const Error& error) { intake.add_error(error); });
}

void add_all(const Options& options, EmbedIntake& intake) {
  for (size_t i = 0; i < options.queries.size(); ++i) {
    intake.add({.id = fmt::format("query:{}", i + 1),
                .query = options.queries[i],
                .where = fmt::format("--query {}", i + 1)});
  }
  for (const std::string& file : options.images) intake.add({.id = file, .image = file});
  for (const std::string& file : options.pdfs) add_pdf(file, intake);
  std::set<std::string> ids;
  for (const std::string& file : options.inputs) add_lines(file, ids, intake);
}

// What would fail in the end is asked in the beginning.
void check_before(const Options& options) {
  check_embeddings_path(options.output);
  if (options.queries.empty() && options.images.empty() && options.pdfs.empty() &&
      options.inputs.empty()) {
    fail(ErrorCode::kUsage, "nothing to embed: give --query, --image, --pdf or --input");
  }
  const AtomicFile writable(options.output);
}

int run(const Options& options) {
  check_before(options);
  const auto model = options.model.open();
  const Contract& contract = model->contract();
  const int dimensions = options.dimensions.value_or(contract.dimensions.front());
  truncate_dimensions(Matrix(0, contract.dimensions.front()), dimensions, contract);
  const auto embedder = make_cpu_embedder(model, options.run.engine());
  std::vector<std::string> ids;
  Matrix vectors(0, contract.dimensions.front());
  const EmbedReport report = embed_all(
      *embedder, [&](EmbedIntake& intake) { add_all(options, intake); },
      {.batch_tokens = options.run.batch_tokens, .keep_going = options.run.keep_going},
      [&](const EmbeddedRow& row) {
        ids.push_back(row.id);
        vectors.values.insert(vectors.values.end(), row.vector.begin(), row.vector.end());
        ++vectors.rows;
      });
  if (report.rows == 0) {
    fail(ErrorCode::kBadInput, "none of the inputs could be embedded; {} is not written",
         options.output);
  }
  write_embeddings(options.output, ids, truncate_dimensions(vectors, dimensions, contract),
                   contract.hash());
  log_info("{} vectors of {} dimensions in {}", report.rows, dimensions, options.output);
  if (report.failed > 0) log_warning("{} inputs were skipped", report.failed);
  if (options.json) {
    print_result(pretty_json({{"rows", report.rows},
                              {"failed", report.failed},
                              {"truncated", report.truncated},
                              {"dimensions", dimensions},
                              {"contract", contract.hash()},
                              {"output", options.output}}));
  }
  return report.failed > 0 ? 1 : 0;
}

}  // namespace

void add_embed_command(CommandLine& line) {
  const auto options = std::make_shared<Options>();
  CLI::App& app = line.add_command(
      "embed", "Vectors of queries, page images, PDFs and tables of them, in the order given",
      [options] { return run(*options); });
  add_setting(app, "query", options->queries, "A query", kInputGroup);
  add_setting(app, "image", options->images, "An image file", kInputGroup)->type_name("FILE");
  add_setting(app, "pdf", options->pdfs, "A PDF: a row for each page", kInputGroup)
      ->type_name("FILE");
  add_setting(app, "input", options->inputs,
              "A table of inputs, .jsonl or .parquet, with columns id and query, image, pdf and "
              "page, passage, image and text, or image and query",
              kInputGroup)
      ->type_name("FILE");
  add_output_option(app, options->output,
                    "The vectors: .safetensors, .npy, .jsonl or .parquet by the ending")
      ->type_name("FILE");
  add_json_option(app, options->json);
  add_model_options(app, options->model);
  add_dimensions_option(app, options->dimensions);
  add_run_options(app, options->run);
  app.footer(
      "Ids: \"query:1\" for the first --query, the path for --image, \"PATH#page=1\" for pages of "
      "--pdf,\nand their own for lines of --input.");
}

}  // namespace recto
