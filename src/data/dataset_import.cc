#include "data/dataset_import.h"

#include <algorithm>

#include "base/file.h"
#include "base/sha256.h"
#include "data/import_files.h"
#include "data/import_layouts.h"
#include "data/import_sink.h"
#include "data/parquet.h"

namespace recto {
namespace fs = std::filesystem;

namespace {

/// What the columns of a table of rows say of its layout.
std::string layout_of_table(const fs::path& path) {
  const ParquetFile file(path);
  if (file.has_column("anchor") && file.has_column("positive")) return "sentence-transformers";
  if (file.has_column("query") && file.has_column("image")) {
    if (file.has_column("negatives")) return "vdr-multilingual";
    return file.has_column("image_filename") ? "vidore" : "ogc";
  }
  std::string found;
  for (const std::string& name : file.column_names()) found += (found.empty() ? "" : ", ") + name;
  fail(ErrorCode::kBadInput,
       "{}: no known layout has the columns {}; query and image, or anchor and positive, are "
       "wanted, or folders corpus, queries and qrels",
       path.string(), found);
}

std::string detect(const fs::path& path, const std::vector<ImportFile>& files) {
  if (fs::exists(path / "corpus.jsonl")) return "beir";
  const auto has_role = [&](const char* role) {
    return std::any_of(files.begin(), files.end(),
                       [&](const ImportFile& file) { return mteb_role(file.config) == role; });
  };
  if (has_role("corpus") && has_role("queries")) return "mteb";
  if (files.empty()) {
    fail(ErrorCode::kBadInput, "{} holds no Parquet file and no corpus.jsonl", path.string());
  }
  return layout_of_table(files.front().path);
}

bool is_evaluation(const std::string& format) {
  return format == "mteb" || format == "vidore" || format == "beir";
}

Json source_files(const fs::path& path, const std::vector<ImportFile>& files, bool beir) {
  Json sources = Json::array();
  const auto add = [&](const std::string& name, const fs::path& file) {
    sources.push_back(
        {{"file", name}, {"bytes", fs::file_size(file)}, {"sha256", sha256_file(file)}});
  };
  if (beir) {
    for (const char* name : {"corpus.jsonl", "queries.jsonl"}) add(name, path / name);
  } else {
    for (const ImportFile& file : files) add(file.name, file.path);
  }
  return sources;
}

std::string card_head(const std::string& format, const Json& sources) {
  std::string out = fmt::format(
      "# Document pages with queries\n\nImported by `recto dataset import` from a dataset in the "
      "layout `{}`. Licences and provenance are those of the source.\n\n| file | bytes | SHA-256 "
      "|\n|---|---|---|\n",
      format);
  for (const Json& source : sources) {
    out += fmt::format("| {} | {} | {} |\n", source.at("file").get<std::string>(),
                       source.at("bytes").get<int64_t>(), source.at("sha256").get<std::string>());
  }
  return out + "\n";
}

void refuse_own(const fs::path& path) {
  if (fs::exists(path / "manifest.json") && fs::exists(path / "pages")) {
    fail(ErrorCode::kUsage, "{} is a recto dataset already", path.string());
  }
}

void read_layout(const std::string& format, const fs::path& path, std::vector<ImportFile> files,
                 const std::string& fallback, ImportSink& sink) {
  if (format == "beir") return import_beir(path, fallback, sink);
  if (format == "mteb") return import_mteb(files, fallback, sink);
  if (files.empty()) fail(ErrorCode::kBadInput, "{} holds no Parquet file", path.string());
  if (sink.for_evaluation()) {
    const std::string another = files.front().split;
    files = evaluated_files(std::move(files), fallback, false);
    if (files.empty()) {
      fail(ErrorCode::kNotFound, "{} has no rows of the split \"{}\"; there is {}", path.string(),
           fallback, another);
    }
  }
  for (ImportFile& file : files) {
    if (file.split.empty()) file.split = fallback;
  }
  const RowLayout layout{
      .pages_by_file_name = format == "vidore" || format == "colpali",
      .language_of_page = format == "ogc" || format == "vdr" || format == "vdr-multilingual"};
  import_rows(files, layout, sink);
}

}  // namespace

std::vector<std::vector<std::string>> corpora_of(const fs::path& path,
                                                 const ImportOptions& options) {
  const std::vector<ImportFile> files = list_import_files(path);
  const std::string format = options.format == "auto" ? detect(path, files) : options.format;
  if (format != "mteb") return {{}};
  return mteb_corpora(files, options.split.empty() ? "test" : options.split);
}

std::vector<std::string> import_formats() {
  return {"auto",
          "ogc",
          "vdr",
          "colpali",
          "vdr-multilingual",
          "mteb",
          "vidore",
          "beir",
          "sentence-transformers"};
}

ImportReport import_dataset(const fs::path& path, const fs::path& output,
                            const ImportOptions& options) {
  const auto formats = import_formats();
  if (std::find(formats.begin(), formats.end(), options.format) == formats.end()) {
    fail(ErrorCode::kUsage, "\"{}\" is no format that can be imported", options.format);
  }
  refuse_own(path);
  std::vector<ImportFile> files = list_import_files(path);
  ImportReport report;
  report.format = options.format == "auto" ? detect(path, files) : options.format;
  if (!options.corpora.empty()) files = mteb_files_of(files, options.corpora);
  const bool beir = report.format == "beir";
  const std::string fallback = !options.split.empty()         ? options.split
                               : is_evaluation(report.format) ? "test"
                                                              : "train";
  StagedDirectory staged(output);
  ImportSink sink(staged.path(), {.threads = options.threads,
                                  .keep_going = options.keep_going,
                                  .for_evaluation = options.for_evaluation,
                                  .method = "import-" + report.format});
  read_layout(report.format, path, files, fallback, sink);
  if (sink.pages() == 0) {
    fail(ErrorCode::kBadInput, "{} has no page that can be read", path.string());
  }
  const Json sources = source_files(path, files, beir);
  sink.finish({{"imported", report.format}, {"split", fallback}, {"sources", sources}},
              card_head(report.format, sources));
  staged.commit();
  report.pages = sink.pages();
  report.texts = sink.texts() > 0;
  report.counts = sink.counts();
  report.unanswered = sink.unanswered();
  report.absent = sink.absent();
  report.failed = sink.failed();
  return report;
}

}  // namespace recto
