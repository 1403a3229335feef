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

void add_pdf(const std::string& file, const std::string& id, EmbedIntake& intake) {
  try {
    check_pdf(file, "", "give it with --image");
  } catch (const Error& error) {
    intake.add_error(error);
    return;
  }
  intake.add({.id = id, .pdf = file});
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

// Ids of the output, each of which names one row.
class RowIds {
 public:
  // False when the id is taken.
  bool claim(const std::string& id) { return !is_pdf_page(id) && ids_.insert(id).second; }

  // The id of a file that may be given more than once: its path, then with "#2" and on.
  std::string claim_image(const std::string& path) {
    return first_free(path, [this](const std::string& id) { return claim(id); });
  }
  // The same for a PDF, whose pages have ids of their own.
  std::string claim_pdf(const std::string& path) {
    return first_free(path, [this](const std::string& id) { return claim_pages(id); });
  }

 private:
  template <typename Claim>
  static std::string first_free(const std::string& path, const Claim& claim) {
    std::string id = path;
    for (int copy = 2; !claim(id); ++copy) id = fmt::format("{}#{}", path, copy);
    return id;
  }
  bool claim_pages(const std::string& pdf) {
    const auto is_page = [&](const std::string& id) { return is_page_of(id, pdf); };
    return std::none_of(ids_.begin(), ids_.end(), is_page) && pdfs_.insert(pdf).second;
  }
  static bool is_page_of(const std::string& id, const std::string& pdf) {
    const size_t number = page_row_id(pdf, 1).size() - 1;
    return id.size() > number && id.starts_with(page_row_id(pdf, 1).substr(0, number)) &&
           id.find_first_not_of("0123456789", number) == std::string::npos;
  }
  bool is_pdf_page(const std::string& id) const {
    return std::any_of(pdfs_.begin(), pdfs_.end(),
                       [&](const std::string& pdf) { return is_page_of(id, pdf); });
  }

  std::set<std::string> ids_, pdfs_;
};

void add_lines(const std::string& file, RowIds& ids, EmbedIntake& intake) {
  for_each_embed_row(
      file,
      [&](EmbedRow&& row) {
        if (!ids.claim(row.id)) {
          intake.add_error(Error(ErrorCode::kBadInput,
                                 fmt::format("{}: the id \"{}\" is that of an earlier row; ids "
                                             "must differ",
                                             row.where, row.id)));
          return;
        }
        add_row(std::move(row), intake);
      },
      [&](const Error& error) { intake.add_error(error); });
}

void add_all(const Options& options, EmbedIntake& intake) {
  RowIds ids;
  for (size_t i = 0; i < options.queries.size(); ++i) {
    const std::string id = fmt::format("query:{}", i + 1);
    ids.claim(id);
    intake.add({.id = id, .query = options.queries[i], .where = fmt::format("--query {}", i + 1)});
  }
  for (const std::string& file : options.images) {
    intake.add({.id = ids.claim_image(file), .image = file});
  }
  for (const std::string& file : options.pdfs) add_pdf(file, ids.claim_pdf(file), intake);
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
  const bool sparse_wanted = contract.sparse && holds_sparse_vectors(options.output);
  if (contract.sparse && !sparse_wanted) {
    log_info("{} holds one array: the sparse vectors are left out", options.output);
  }
  std::vector<std::string> ids;
  std::vector<SparseVector> sparse;
  Matrix vectors(0, contract.dimensions.front());
  const EmbedReport report = embed_all(
      *embedder, [&](EmbedIntake& intake) { add_all(options, intake); },
      {.batch_tokens = options.run.batch_tokens,
       .sparse = sparse_wanted,
       .keep_going = options.run.keep_going},
      [&](const EmbeddedRow& row) {
        ids.push_back(row.id);
        vectors.values.insert(vectors.values.end(), row.vector.begin(), row.vector.end());
        ++vectors.rows;
        if (row.sparse != nullptr) sparse.push_back(*row.sparse);
      });
  if (report.rows == 0) {
    fail(ErrorCode::kBadInput, "none of the inputs could be embedded; {} is not written",
         options.output);
  }
  write_embeddings(options.output, ids, truncate_dimensions(vectors, dimensions, contract),
                   contract.hash(), sparse);
  log_info("{} vectors of {} dimensions{} in {}", report.rows, dimensions,
           sparse_wanted ? ", and sparse ones," : "", options.output);
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
      "--pdf,\nand their own for lines of --input. A file that is given again has \"PATH#2\" and "
      "on.");
}

}  // namespace recto
