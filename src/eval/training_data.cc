#include "eval/training_data.h"

#include <algorithm>

#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "data/text_pairs.h"
#include "data/training_record.h"

namespace recto {
namespace fs = std::filesystem;
namespace {

constexpr const char* kTrainJson = "train.json";

/// The train.json that `path` is or has, empty for a dataset or a file of pairs.
fs::path record_of(const fs::path& path) {
  if (fs::is_regular_file(path) && path.extension() == ".json") return path;
  const bool has_record = fs::is_directory(path) && fs::exists(path / kTrainJson);
  return has_record ? path / kTrainJson : fs::path();
}

constexpr const char* kInstead = "name the data where it lies now with --training in its place";

void check_source(const TrainingSource& source, const std::string& recorded) {
  if (!fs::exists(source.path)) {
    fail(ErrorCode::kNotFound, "{}: {} was trained on, and is not there; {}", source.named_by,
         source.path.string(), kInstead);
  }
  const std::string found = training_data_id(source.path);
  if (recorded.empty()) {
    log_warning("{}: it does not say what {} held then; what is there now is compared",
                source.named_by, source.path.string());
  } else if (found != recorded) {
    fail(ErrorCode::kMismatch,
         "{}: {} is not what was trained on: its id was {} and is {}; find the dataset of that id, "
         "or {}",
         source.named_by, source.path.string(), recorded, found, kInstead);
  }
}

/// Whether it has queries or pages to compare; documents that a model learned to read from have
/// not.
bool is_comparable(const fs::path& path) {
  return fs::is_directory(path) ? fs::exists(path / "pages") : is_text_pairs_path(path);
}

class Resolver {
 public:
  void add(const fs::path& path) {
    const fs::path record = record_of(path);
    if (!record.empty()) return add_record(record);
    if (!fs::exists(path)) {
      fail(ErrorCode::kNotFound, "{}: no such training data or model directory", path.string());
    }
    add_source({path, fs::is_directory(path), ""});
  }

  std::vector<TrainingSource> take() { return std::move(sources_); }

 private:
  void add_source(TrainingSource&& source) {
    const bool known = std::any_of(sources_.begin(), sources_.end(), [&](const auto& other) {
      return fs::equivalent(other.path, source.path);
    });
    if (!known) sources_.push_back(std::move(source));
  }

  void add_record(const fs::path& record) {
    const fs::path canonical = fs::canonical(record);
    if (std::find(records_.begin(), records_.end(), canonical) != records_.end()) return;
    records_.push_back(canonical);
    const TrainingRecord training = read_training_record(record);
    for (const TrainingRecord::Source& one : training.sources) {
      if (fs::exists(one.path) && !is_comparable(one.path)) {
        log_warning(
            "{}: {} is neither dataset nor text pairs; what was learned from it is not "
            "compared",
            record.string(), one.path.string());
        continue;
      }
      TrainingSource source{one.path, fs::is_directory(one.path), record.string()};
      check_source(source, one.id);
      add_source(std::move(source));
    }
    // What the model knew before it was trained.
    if (!training.model.empty() && fs::exists(training.model / kTrainJson)) {
      add_record(training.model / kTrainJson);
    }
  }

  std::vector<TrainingSource> sources_;
  std::vector<fs::path> records_;
};

}  // namespace

std::vector<TrainingSource> resolve_training(const std::vector<fs::path>& paths) {
  Resolver resolver;
  for (const fs::path& path : paths) resolver.add(path);
  return resolver.take();
}

}  // namespace recto
