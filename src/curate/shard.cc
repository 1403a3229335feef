#include "curate/shard.h"

#include <optional>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "curate/assemble.h"
#include "curate/document_record.h"
#include "curate/finished.h"
#include "curate/settings.h"
#include "curate/work_directory.h"
#include "data/arrow_memory.h"

namespace recto {
namespace fs = std::filesystem;

namespace {

constexpr const char* kShardFile = "shard.json";
constexpr const char* kFormat = "recto-curation-shard";
constexpr int kFormatVersion = 3;

Json place_json(const SourcePlace& place) {
  return {{"location", place.location},
          {"relative_at", place.relative_at},
          {"archive_end", place.archive_end},
          {"compression_bytes", place.compression_bytes}};
}

SourcePlace read_place(const Json& json, const std::string& where) {
  const auto offset = [&](const char* key) {
    return static_cast<size_t>(json_required<int64_t>(json, key, where));
  };
  SourcePlace place;
  place.location = json_required<std::string>(json, "location", where);
  place.relative_at = offset("relative_at");
  place.archive_end = offset("archive_end");
  place.compression_bytes = offset("compression_bytes");
  return place;
}

Json source_json(const Source& source) {
  Json json = {{"position", source.position},
               {"sha256", source.sha256},
               {"facts", facts_json(source.facts)},
               {"copies", Json::array()}};
  for (const SourcePlace& place : source.copies) json["copies"].push_back(place_json(place));
  return json;
}

Source read_source(const Json& json, const SourceList& list, const std::string& where) {
  Source source;
  source.sha256 = json_required<std::string>(json, "sha256", where);
  source.position = static_cast<size_t>(json_required<int64_t>(json, "position", where));
  if (source.position >= list.listed.size()) {
    fail(ErrorCode::kBadInput, "{}: position {} of {} files", where, source.position,
         list.listed.size());
  }
  source.place = list.listed[source.position];
  source.facts = read_facts(json.value("facts", Json::object()), where);
  for (const Json& place : json.value("copies", Json::array())) {
    source.copies.push_back(read_place(place, where));
  }
  return source;
}

/// The list of all files, which every shard of a run has.
Json listing_json(const Listing& files) {
  Json json = {{"listed", Json::array()},
               {"sources", Json::array()},
               {"audit", Json::array()},
               {"problems", Json::array()},
               {"run_sha256", files.run_sha256}};
  for (const SourcePlace& place : files.files.listed) json["listed"].push_back(place_json(place));
  for (const Source& source : files.files.sources) json["sources"].push_back(source_json(source));
  for (const AuditRow& row : files.audit) {
    json["audit"].push_back({{"item", row.item},
                             {"stage", row.stage},
                             {"decision", row.decision},
                             {"reason", row.reason},
                             {"score", row.score},
                             {"threshold", row.threshold}});
  }
  for (const auto& [position, errors] : files.files.problems) {
    for (const Error& error : errors) {
      json["problems"].push_back({{"position", position}, {"message", error.what()}});
    }
  }
  return json;
}

Listing read_listing(const Json& json, const std::string& where) {
  Listing files;
  files.run_sha256 = json_required<std::string>(json, "run_sha256", where);
  for (const Json& place : json.at("listed")) {
    files.files.listed.push_back(read_place(place, where + ": listed"));
  }
  for (const Json& source : json.at("sources")) {
    files.files.sources.push_back(read_source(source, files.files, where + ": sources"));
  }
  for (const Json& row : json.at("audit")) {
    files.audit.push_back({json_required<std::string>(row, "item", where),
                           json_required<std::string>(row, "stage", where),
                           json_required<std::string>(row, "decision", where),
                           json_required<std::string>(row, "reason", where),
                           json_required<double>(row, "score", where),
                           json_required<double>(row, "threshold", where)});
  }
  for (const Json& problem : json.at("problems")) {
    const auto position = static_cast<size_t>(json_required<int64_t>(problem, "position", where));
    files.files.problems[position].emplace_back(
        ErrorCode::kBadInput, json_required<std::string>(problem, "message", where));
  }
  return files;
}

struct Shard {
  fs::path path;
  ShardPart part;
  Json settings;
  Json tools;
  std::string directory;
  Json listing;
};

Shard read_shard(const fs::path& path) {
  const fs::path file = path / kShardFile;
  if (!fs::exists(file) && fs::exists(path / "manifest.json")) {
    fail(ErrorCode::kUnsupported,
         "{} is a finished dataset, no shard: what two datasets have in common (pages, families, "
         "queries) may be in different splits. Curate the files of both in one run, or in the "
         "shards of one; trainings take several datasets as they are (--data A --data B)",
         path.string());
  }
  if (!fs::exists(file)) {
    fail(ErrorCode::kNotFound,
         "{} has no {}; a directory that recto curate --shard has written is wanted", path.string(),
         kShardFile);
  }
  const Json json = read_json(file, uint64_t{1} << 30);
  const std::string where = file.string();
  if (json_required<std::string>(json, "format", where) != kFormat ||
      json_required<int>(json, "format_version", where) != kFormatVersion) {
    fail(ErrorCode::kUnsupported, "{}: format {} version {} is wanted", where, kFormat,
         kFormatVersion);
  }
  Shard shard;
  shard.path = path;
  shard.part = {json_required<int>(json, "index", where), json_required<int>(json, "count", where)};
  shard.settings = json.value("settings", Json::object());
  shard.tools = json.value("tools", Json::object());
  shard.directory = json_required<std::string>(json, "directory", where);
  shard.listing = json.value("listing", Json::object());
  return shard;
}

void check_same(const Shard& a, const Shard& b) {
  const auto refuse = [&](const std::string& what) {
    fail(ErrorCode::kMismatch, "the shards {} and {} are of two runs: {} differs", a.path.string(),
         b.path.string(), what);
  };
  if (a.part.count != b.part.count) refuse("the number of shards");
  if (a.tools != b.tools) refuse("the version of recto or of the renderer");
  for (const auto& [key, value] : a.settings.items()) {
    if (b.settings.value(key, Json()) != value) refuse("the setting " + key);
  }
  for (const auto& [key, value] : a.listing.items()) {
    if (key != "run_sha256" && b.listing.value(key, Json()) != value) refuse("the list of files");
  }
  if (a.listing != b.listing) refuse("the version of tesseract or of its packs");
}

/// The shards by part, all of them there once.
std::vector<Shard> read_shards(const std::vector<fs::path>& paths) {
  if (paths.empty()) fail(ErrorCode::kUsage, "no shard was named");
  std::vector<std::optional<Shard>> by_part;
  for (const fs::path& path : paths) {
    Shard shard = read_shard(path);
    if (by_part.empty()) by_part.resize(static_cast<size_t>(shard.part.count));
    for (const auto& other : by_part) {
      if (other) check_same(*other, shard);
    }
    auto& place = by_part.at(static_cast<size_t>(shard.part.index - 1));
    if (place) {
      fail(ErrorCode::kMismatch, "{} and {} are both shard {} of {}", place->path.string(),
           path.string(), shard.part.index, shard.part.count);
    }
    place = std::move(shard);
  }
  std::vector<Shard> shards;
  for (size_t i = 0; i < by_part.size(); ++i) {
    if (!by_part[i]) {
      fail(ErrorCode::kMismatch, "shard {} of {} is missing", i + 1, by_part.size());
    }
    shards.push_back(std::move(*by_part[i]));
  }
  return shards;
}

Json shard_json(const CurateOptions& options, const Listing& files, const ShardPart& part) {
  return {{"format", kFormat},
          {"format_version", kFormatVersion},
          {"index", part.index},
          {"count", part.count},
          {"tools", files.tools},
          {"settings", settings_json(options)},
          {"directory", files.directory.string()},
          {"listing", listing_json(files)}};
}

/// The report of the shard at `output` when the same call has made it: then it was stopped between
/// the last step and its end, or is called again.
std::optional<CurateReport> finished_shard(const std::vector<fs::path>& paths,
                                           const fs::path& output, const CurateOptions& options,
                                           const CurationTools& tools, const ShardPart& part) {
  if (!fs::exists(output / kShardFile)) return std::nullopt;
  const Shard shard = read_shard(output);
  if (shard.part.index != part.index || shard.part.count != part.count) return std::nullopt;
  if (shard.settings != settings_json(options)) return std::nullopt;
  const TemporaryDirectory scratch;
  const Listing files = list_files(paths, scratch.path(), options, tools);
  if (shard.listing.value("run_sha256", "") != files.run_sha256) return std::nullopt;
  log_info("{} is complete already: made of these files with these settings", output.string());
  return count_records(sources_of(files.files.sources, part), output / "documents");
}

}  // namespace

CurateReport curate_shard(const std::vector<fs::path>& paths, const fs::path& output,
                          const CurateOptions& options, const ShardPart& part) {
  check_part(part);
  check_options(options);
  if (options.endpoint && options.endpoint->dry_run) return count_requests(paths, options, part);
  const CurationTools tools = find_tools(options);
  if (auto report = finished_shard(paths, output, options, tools, part)) return *std::move(report);
  Json settings = ingest_settings(options, tools);
  settings["shard"] = fmt::format("{}/{}", part.index, part.count);
  WorkDirectory work(output, settings);
  if (work.committed()) refuse_output(output);
  const Listing files = list_files(paths, work.sources(), options, tools);
  check_files(files, options);
  const std::vector<Source> mine = sources_of(files.files.sources, part);
  read_documents(mine, options, tools, work.documents());
  CurateReport report = count_records(mine, work.documents());
  write_file(work.path() / kShardFile, pretty_json(shard_json(options, files, part)));
  work.commit_whole();
  return report;
}

CurateReport merge_shards(const std::vector<fs::path>& paths, const fs::path& output, int threads) {
  share_memory_with_arrow();
  const std::vector<Shard> shards = read_shards(paths);
  const std::string where = (shards.front().path / kShardFile).string();
  CurateOptions options = read_settings(shards.front().settings, where);
  options.threads = threads;
  Listing files = read_listing(shards.front().listing, where);
  files.directory = shards.front().directory;
  if (auto report = finished_dataset(output, files.run_sha256)) return *std::move(report);
  WorkDirectory work(output, Json::object());
  if (work.committed()) return committed_report(work.summary(), files.run_sha256, output);
  files.tools = tool_versions();
  std::vector<PlacedDocument> corpus;
  for (size_t i = 0; i < files.files.sources.size(); ++i) {
    const fs::path documents = shards[i % shards.size()].path / "documents";
    corpus.push_back(
        {files.files.sources[i], record_place(documents, files.files.sources[i].sha256)});
  }
  CurateReport report =
      assemble(corpus, files, options, {work.scratch(), work.kept(), work.output()});
  work.commit(commit_note(report, files.run_sha256, work.output()));
  return report;
}

}  // namespace recto
