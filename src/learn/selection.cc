#include "learn/selection.h"

#include "base/error.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/sha256.h"
#include "learn/checkpoint.h"
#include "learn/parameter_file.h"
#include "learn/shared_start.h"

namespace recto {
namespace fs = std::filesystem;
namespace {

constexpr const char* kFolder = "best";
constexpr const char* kParameterFile = "parameters.safetensors";
constexpr const char* kMeasurementFile = "measurement.json";

HeldOutResult verified_result(const fs::path& directory) {
  const fs::path path = directory / kMeasurementFile;
  const Json json = read_json(path);
  const auto wanted = json_required<std::string>(json, "parameters_sha256", path.string());
  if (sha256_file(directory / kParameterFile) != wanted) {
    fail(ErrorCode::kBadInput,
         "{} does not have the SHA-256 that {} tells; resume without --keep-best in another output "
         "directory, or begin anew",
         (directory / kParameterFile).string(), kMeasurementFile);
  }
  return HeldOutResult::from_json(json, path.string());
}

/// The best steps a checkpoint knows; nothing when it is damaged.
std::optional<BestSteps> saved_steps(const fs::path& checkpoint, const TrainSettings& settings) {
  try {
    BestSteps steps(settings.keep_best, settings.early_stopping);
    steps.restore(read_checkpoint_state(checkpoint).results["selection"], checkpoint.string());
    return steps;
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace

Selection::Selection(const TrainSettings& settings, std::vector<NamedParameter> parameters,
                     ProcessGroup& group)
    : settings_(settings),
      parameters_(std::move(parameters)),
      group_(group),
      steps_(settings.keep_best, settings.early_stopping) {}

fs::path Selection::directory(int64_t step) const {
  return fs::path(settings_.output) / kFolder / fmt::format("step-{:08}", step);
}

void Selection::measured(int64_t step, const HeldOutResult& result) {
  const DeferInterrupts until_written;
  if (!steps_.add(step, result.ndcg_at_10) || !group_.is_first()) return;
  const fs::path target = directory(step);
  make_directories(target.parent_path());
  if (fs::exists(target)) return;  // the same step of the same run: the same bytes
  StagedDirectory staged(target);
  write_parameters(staged.path() / kParameterFile, parameters_);
  Json json = result.to_json();
  json["step"] = step;
  json["parameters_sha256"] = sha256_file(staged.path() / kParameterFile);
  write_file(staged.path() / kMeasurementFile, pretty_json(json));
  staged.commit();
}

void Selection::restore(const Json& state, const std::string& where) {
  steps_.restore(state, where);
}

void Selection::clean() const {
  std::set<fs::path> needed;
  const auto need = [&](const BestSteps& steps) {
    for (const BestSteps::Step& step : steps.best()) needed.insert(directory(step.step));
  };
  need(steps_);
  for (const fs::path& checkpoint : checkpoints_of(settings_.output)) {
    if (const auto saved = saved_steps(checkpoint, settings_)) need(*saved);
  }
  std::vector<fs::path> surplus;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(fs::path(settings_.output) / kFolder, error)) {
    if (!needed.contains(entry.path())) surplus.push_back(entry.path());
  }
  for (const fs::path& path : surplus) fs::remove_all(path);
}

HeldOutResult Selection::read(const std::vector<int64_t>& steps) const {
  std::vector<HeldOutResult> results;
  std::vector<fs::path> files;
  for (const int64_t step : steps) {
    results.push_back(verified_result(directory(step)));
    files.push_back(directory(step) / kParameterFile);
  }
  if (files.size() > 1) {
    read_mean_parameters(files, parameters_);
  } else {
    read_parameters(files.front(), parameters_);
  }
  return results.front();
}

Selection::Chosen Selection::choose(int64_t last_step) const {
  if (steps_.best().empty()) return {{last_step}, std::nullopt};
  Chosen chosen;
  for (const BestSteps::Step& step : steps_.best()) {
    chosen.steps.push_back(step.step);
    if (!settings_.average_best) break;
  }
  Json result;
  if (group_.is_first()) result = read(chosen.steps).to_json();
  share_tensors(group_, parameters_);
  result = parse_json(group_.broadcast(dump_json(result)), "what rank 0 has said");
  const bool is_mean = chosen.steps.size() > 1;
  if (!is_mean) chosen.result = HeldOutResult::from_json(result, "rank 0");
  log_info("the model is {} {}", is_mean ? "the mean of the steps" : "that of step",
           fmt::join(chosen.steps, ", "));
  return chosen;
}

Json Selection::to_json(const Chosen& chosen) const {
  return {{"metric", "ndcg_at_10"},
          {"chosen_steps", chosen.steps},
          {"best", steps_.to_json()["best"]},
          {"stopped_early", steps_.exhausted()}};
}

}  // namespace recto
