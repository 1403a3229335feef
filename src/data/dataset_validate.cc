#include "data/dataset_validate.h"

#include <algorithm>
#include <iterator>

#include "data/dataset_checks.h"
#include "data/dataset_id.h"

namespace recto {
namespace fs = std::filesystem;

namespace {

void append(std::vector<DatasetCheck>& checks, std::vector<DatasetCheck>&& more) {
  checks.insert(checks.end(), std::make_move_iterator(more.begin()),
                std::make_move_iterator(more.end()));
}

}  // namespace

bool Validation::ok() const {
  return std::all_of(checks.begin(), checks.end(),
                     [](const DatasetCheck& check) { return check.ok(); });
}

Validation validate_dataset(const fs::path& directory, const ValidateOptions& options) {
  if (!fs::is_directory(directory)) {
    fail(ErrorCode::kNotFound, "{} is not a directory; a dataset of recto curate is wanted",
         directory.string());
  }
  const Json manifest = read_manifest_of(directory);
  Validation validation;
  validation.dataset_id = dataset_id(manifest);
  append(validation.checks, check_files(directory, manifest));
  append(validation.checks, check_rows(directory));
  append(validation.checks, check_images(directory, options));
  return validation;
}

Json validation_json(const Validation& validation) {
  Json checks = Json::array();
  for (const DatasetCheck& check : validation.checks) {
    Json entry = {{"name", check.name},     {"promise", check.promise},
                  {"ok", check.ok()},       {"checked", check.checked},
                  {"broken", check.broken}, {"offenders", check.offenders}};
    if (!check.skipped.empty()) entry["skipped"] = check.skipped;
    if (!check.note.empty()) entry["note"] = check.note;
    checks.push_back(std::move(entry));
  }
  return {{"dataset", validation.dataset_id},
          {"valid", validation.ok()},
          {"checks", std::move(checks)}};
}

std::string describe(const Validation& validation) {
  std::string out;
  int64_t broken = 0;
  for (const DatasetCheck& check : validation.checks) {
    const char* mark = !check.skipped.empty() ? "skip" : check.ok() ? "ok  " : "FAIL";
    out += fmt::format("{} {:<18} {}", mark, check.name, check.promise);
    if (!check.skipped.empty()) {
      out += ": " + check.skipped;
    } else if (check.ok()) {
      out += fmt::format(" ({})", check.checked);
    } else {
      out += fmt::format(" ({} of {} do not)", check.broken, check.checked);
      ++broken;
    }
    if (!check.note.empty()) out += "; " + check.note;
    out += "\n";
    for (const std::string& offender : check.offenders) out += "       " + offender + "\n";
    if (check.broken > std::ssize(check.offenders)) {
      out += fmt::format("       and {} more\n", check.broken - std::ssize(check.offenders));
    }
  }
  return out + (broken == 0 ? "the dataset keeps its promises\n"
                            : fmt::format("{} promises are broken\n", broken));
}

}  // namespace recto
