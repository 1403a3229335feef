#include "data/dataset_change.h"

#include "base/error.h"
#include "base/log.h"

namespace recto {
namespace fs = std::filesystem;

namespace {

void refuse_unfinished_run(const fs::path& directory) {
  fs::path partial = fs::weakly_canonical(directory);
  partial += ".partial";
  if (!fs::exists(partial)) return;
  fail(ErrorCode::kUsage,
       "{} is there: an unfinished run of recto curate, which holds documents too; let it finish "
       "or remove it first",
       partial.string());
}

}  // namespace

DatasetChange::DatasetChange(const fs::path& directory, const fs::path& output) {
  refuse_unfinished_run(directory);
  for (const fs::path& left : leftovers(directory)) {
    std::error_code error;
    fs::remove_all(left, error);
    if (error) fail_errno(error.value(), fmt::format("cannot remove {}", left.string()));
    log_warning("removed {}: what an ended process was writing over {}, or had replaced there",
                left.string(), directory.string());
    removed_.push_back(left);
  }
  if (output.empty()) {
    replaced_.emplace(directory);
  } else {
    staged_.emplace(output);
  }
}

const fs::path& DatasetChange::path() const {
  return replaced_ ? replaced_->path() : staged_->path();
}

void DatasetChange::commit() {
  if (replaced_) {
    replaced_->commit();
  } else {
    staged_->commit();
  }
}

}  // namespace recto
