// recto dataset text-vectors: a teacher made of the words of pages.
#include <memory>

#include "base/error.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "data/dataset.h"
#include "data/table.h"
#include "model/model_directory.h"
#include "model/sparse_text.h"
#include "search/text_vectors.h"

namespace recto {
namespace {

struct Options {
  std::string directory, output, model;
  std::string split = "train";
  TextVectorSettings settings;
};

/// Texts as the model's tokenizer cuts them.
SplitWords tokens_of(const std::string& model) {
  const auto directory = ModelDirectory::open(model);
  return [directory](const std::string& text) {
    std::vector<std::string> tokens;
    for_each_text_token(directory->tokenizer(), text,
                        [&](int32_t id) { tokens.push_back(std::to_string(id)); });
    return tokens;
  };
}

int run(Options options) {
  check_embeddings_path(options.output);
  if (!options.model.empty()) options.settings.split = tokens_of(options.model);
  const Dataset dataset = Dataset::open(options.directory);
  std::vector<std::string> ids, texts;
  for (PageRow& page : dataset.pages(options.split)) {
    ids.push_back(std::move(page.page_id));
    texts.push_back(std::move(page.text));
  }
  if (ids.empty()) {
    fail(ErrorCode::kNotFound, "{} has no pages in the split {}", options.directory, options.split);
  }
  TextVectors vectors(texts, options.settings);
  Matrix all = vectors.pages();
  size_t unknown = 0;
  std::vector<float> vector;
  for (const QueryRow& query : dataset.queries(options.split)) {
    if (!vectors.query(query.query, vector)) {
      ++unknown;
      continue;
    }
    ids.push_back(query.query_id);
    all.values.insert(all.values.end(), vector.begin(), vector.end());
    ++all.rows;
  }
  write_embeddings(options.output, ids, all, /*contract_hash=*/"");
  log_info("{} pages and {} queries in {} dimensions; {} queries have no word of the pages",
           texts.size(), ids.size() - texts.size(), all.columns, unknown);
  return 0;
}

}  // namespace

void add_text_vectors_command(CommandLine& line) {
  const auto options = std::make_shared<Options>();
  CLI::App& app = line.add_command(
      kDatasetCommands, kDatasetCommandsDescription, "text-vectors",
      "Vectors of queries and pages made of words alone, for recto train --teacher",
      [options] { return run(*options); });
  add_dataset_argument(app, options->directory);
  add_setting(app, "split", options->split, "Split whose pages and queries are taken", kInputGroup)
      ->type_name("train|validation|test")
      ->check(CLI::IsMember({"train", "validation", "test"}).description(""));
  add_setting(
      app, "model", options->model,
      "Take the tokens of this model in place of words, which a model of few layers can add up",
      kModelGroup)
      ->type_name("DIR");
  add_output_option(app, options->output, "The table: .safetensors, .npy, .jsonl or .parquet")
      ->type_name("FILE");
  add_setting(app, "dimensions", options->settings.dimensions,
              "Of the random projection; the vectors have one more", kOutputGroup)
      ->type_name("N")
      ->check(CLI::Range(16, 65536).description(""));
  add_seed_option(app, options->settings.seed);
}

}  // namespace recto
