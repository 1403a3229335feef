#pragma once
// Curation on several machines: each reads its part of the files into a shard, one joins them.

#include <filesystem>
#include <vector>

#include "curate/curate.h"
#include "curate/reading.h"

namespace recto {

/// Reads the files of `part` (sources_of() of the distinct ones of `paths`) into the shard
/// directory `output`: shard.json with the settings and the list of all files, and documents/ with
/// their records (curate/document_record.h). Files are listed and hashed by every shard. Errors,
/// going on after a stop, and a call of what is complete are as for curate().
/// Returns a report that counts this part's files, documents and pages. A dry run makes no shard
/// (count_requests()).
CurateReport curate_shard(const std::vector<std::filesystem::path>& paths,
                          const std::filesystem::path& output, const CurateOptions& options,
                          const ShardPart& part);

/// Joins the shards of one run, in any order, to the dataset that curate() with the same options
/// makes: the same bytes. Options that do not decide the content (threads) are the caller's.
/// Throws Error(kMismatch) when a shard is missing, twice there, or of another run (naming the
/// setting or file that differs), Error(kUnsupported) for a finished dataset, whose splits are
/// made, Error(kBadInput | kNotFound) for what else is no shard.
CurateReport merge_shards(const std::vector<std::filesystem::path>& shards,
                          const std::filesystem::path& output, int threads);

}  // namespace recto
