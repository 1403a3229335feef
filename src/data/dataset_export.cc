#include "data/dataset_export.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/file.h"
#include "data/dataset.h"
#include "data/dataset_id.h"
#include "data/export_source.h"

namespace recto {
namespace fs = std::filesystem;

namespace {

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

std::vector<std::string> chosen_splits(const Dataset& dataset, const ExportOptions& options) {
  auto known = dataset.splits();
  if (options.splits.empty()) return known;
  for (const std::string& split : options.splits) {
    if (std::find(known.begin(), known.end(), split) == known.end()) {
      fail(ErrorCode::kUsage, "{} has no split \"{}\"; it has {}", dataset.path().string(), split,
           joined(known));
    }
  }
  std::set<std::string> sorted(options.splits.begin(), options.splits.end());
  return {sorted.begin(), sorted.end()};
}

CardFacts facts_of(const Dataset& dataset, const std::vector<std::string>& splits) {
  CardFacts facts;
  for (const std::string& split : splits) {
    for (const DocumentRow& row : dataset.documents(split)) {
      if (!row.licence.empty()) facts.licences.insert(row.licence);
      if (!row.language.empty()) facts.languages.insert(row.language);
      facts.pages += row.pages;
    }
    for (const QueryRow& row : dataset.queries(split)) {
      if (!row.language.empty()) facts.languages.insert(row.language);
    }
  }
  return facts;
}

std::string layout_text(const std::string& format) {
  static const std::map<std::string, std::string> kTexts = {
      {"ogc",
       "A row for each query and page that answers it: `id`, `query`, `image`, `language`, and "
       "`negative_image_0` and on, pages that do not answer it, the hardest first (null where "
       "there are fewer). `id` is the query's id, with `-2`, `-3` … for its further answers. "
       "Grades are not kept."},
      {"sentence-transformers",
       "A row for each query and page that answers it: `anchor`, `positive`, `negative_1` and on. "
       "Every column is filled, as the trainer wants it: a query with fewer negatives gives them "
       "again, one without any is left out when others have some."},
      {"vidore",
       "A row for each query and page that answers it, and one without a query (null) for each "
       "other page. The corpus is the distinct `image_filename`s, the queries are the distinct "
       "texts. Grades are not kept."},
      {"mteb",
       "Configurations `corpus` (`id`, `image`), `queries` (`id`, `text`, `language`) and `qrels` "
       "(`query-id`, `corpus-id`, `score`), a split each, as mteb and ViDoRe v3 read them."},
      {"beir",
       "`corpus.jsonl` (with the path of each page's picture under `images/`), `queries.jsonl` "
       "and, for each split, `qrels/SPLIT.tsv` and the same for trec_eval in `qrels/SPLIT.trec`. "
       "The corpus has the pages of all splits; `metadata.split` says whose each is."}};
  return kTexts.at(format);
}

std::string card_body(const ExportJob& job, const std::string& format) {
  std::string out = fmt::format("# Document pages with queries\n\n{}\n\n", layout_text(format));
  out += "| split | content |\n|---|---|\n";
  for (const auto& [split, counts] : job.counts.items()) {
    std::string text;
    for (const auto& [what, count] : counts.items()) {
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count.dump(), what);
    }
    std::replace(text.begin(), text.end(), '_', ' ');
    out += fmt::format("| {} | {} |\n", split, text);
  }
  out += fmt::format("\nWritten by `recto dataset export --format {}`", format);
  const Json& manifest = job.dataset.manifest();
  if (manifest.contains("tables")) {
    out += fmt::format(" from the dataset {}", dataset_id(manifest));
  }
  return out + ". Splits share no document family.\n";
}

}  // namespace

std::vector<std::string> export_formats() {
  return {"ogc", "mteb", "vidore", "beir", "sentence-transformers"};
}

Json export_dataset(const fs::path& directory, const fs::path& output,
                    const ExportOptions& options) {
  const auto formats = export_formats();
  if (std::find(formats.begin(), formats.end(), options.format) == formats.end()) {
    fail(ErrorCode::kUsage, "\"{}\" is no format; there are {}", options.format, joined(formats));
  }
  if (options.negatives < 0 || options.negatives > 16) {
    fail(ErrorCode::kUsage, "{} negatives: 0 to 16 are possible", options.negatives);
  }
  const Dataset dataset = Dataset::open(directory);
  StagedDirectory staged(output);
  ExportJob job{dataset, chosen_splits(dataset, options), static_cast<size_t>(options.negatives),
                staged.path(), Json::object()};
  CardFacts facts = facts_of(dataset, job.splits);
  if (options.format == "ogc") facts.tables = export_ogc(job);
  if (options.format == "sentence-transformers") facts.tables = export_sentence_transformers(job);
  if (options.format == "vidore") facts.tables = export_vidore(job);
  if (options.format == "mteb") facts.tables = export_mteb(job);
  if (options.format == "beir") export_beir(job);
  const std::string body = card_body(job, options.format);
  write_file(staged.path() / "README.md",
             options.format == "beir" ? beir_card(facts, body) : dataset_card(facts, body));
  staged.commit();
  return job.counts;
}

}  // namespace recto
