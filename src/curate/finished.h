#pragma once
// Whether an output that is there already is what the run would make: then it was stopped in the
// moment between its last step and its end, or is called a second time.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "curate/curate.h"
#include "curate/curation_tools.h"

namespace recto {

/// What the run that made the dataset at `output` reported, when it was decided by the same
/// settings, tools and files (Listing::run_sha256). Of what failed it knows how much, not what.
/// Nothing where there is no dataset of recto curate, where it was changed since (reviewed, or
/// documents forgotten), and where settings name files or models whose content is in no hash
/// (exclude, judge). Says so when it is. Throws Error(kBadInput) for a manifest whose counts are
/// damaged.
std::optional<CurateReport> finished_dataset(const std::filesystem::path& output,
                                             const std::string& run_sha256);

/// The same for a run that has not listed its files: when settings are the same, it lists them in a
/// place that does not last. Throws what list_files() throws.
std::optional<CurateReport> finished_dataset(const std::filesystem::path& output,
                                             const std::vector<std::filesystem::path>& paths,
                                             const CurateOptions& options,
                                             const CurationTools& tools);

/// What WorkDirectory::commit() is given for a run that is stopped in the middle of it: the report,
/// and what tells the dataset at `written` (the directory that is renamed) from any other.
Json commit_note(const CurateReport& report, const std::string& run_sha256,
                 const std::filesystem::path& written);

/// The report in a note of commit_note() that was left beside `output`. Throws Error(kUsage), as
/// for any output that exists, when it is of other settings, tools or files, or when the dataset
/// has been changed since.
CurateReport committed_report(const Json& note, const std::string& run_sha256,
                              const std::filesystem::path& output);

}  // namespace recto
