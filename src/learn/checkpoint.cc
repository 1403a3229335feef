#include "learn/checkpoint.h"

#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/sha256.h"
#include "learn/parameter_file.h"

namespace recto {
namespace fs = std::filesystem;
namespace {

constexpr const char* kFolder = "checkpoints";
constexpr const char* kPrefix = "step-";
constexpr const char* kStateFile = "state.json";
constexpr const char* kParameterFile = "parameters.safetensors";
constexpr const char* kOptimizerFile = "optimizer.safetensors";
constexpr int kFormatVersion = 2;

/// SHA-256 of the canonical form of `state` without its own hash.
std::string state_hash(Json state) {
  state.erase("sha256");
  return sha256_hex(canonical_json(state));
}

/// Of everything in `directory` so far.
Json file_hashes(const fs::path& directory) {
  Json files = Json::object();
  for (const auto& entry : fs::directory_iterator(directory)) {
    files[entry.path().filename().string()] = sha256_file(entry.path());
  }
  return files;
}

Json read_state_file(const fs::path& path) {
  const Json json = read_json(path);
  const int version = json_required<int>(json, "format_version", path.string());
  if (version != kFormatVersion) {
    fail(ErrorCode::kUnsupported, "{}: format_version {} is not known; this recto reads {}",
         path.string(), version, kFormatVersion);
  }
  if (json_required<std::string>(json, "sha256", path.string()) != state_hash(json)) {
    fail(ErrorCode::kBadInput, "{} does not have the SHA-256 it tells of itself", path.string());
  }
  return json;
}

/// Throws naming the file that is missing or has another hash than state.json says.
void verify(const fs::path& checkpoint) {
  const Json state = read_state_file(checkpoint / kStateFile);
  const Json files = state.value("files", Json::object());
  for (const auto& [name, wanted] : files.items()) {
    const fs::path path = checkpoint / name;
    if (sha256_file(path) != wanted) {
      fail(ErrorCode::kBadInput, "{} does not have the SHA-256 that {} tells", path.string(),
           kStateFile);
    }
  }
}

/// Why `checkpoint` cannot be used; nothing when it can.
std::optional<std::string> damage_of(const fs::path& checkpoint) {
  try {
    verify(checkpoint);
    return std::nullopt;
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kUnsupported) throw;
    return error.what();
  }
}

}  // namespace

std::vector<fs::path> checkpoints_of(const fs::path& output) {
  std::vector<fs::path> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(output / kFolder, error)) {
    const std::string name = entry.path().filename().string();
    if (entry.is_directory() && name.rfind(kPrefix, 0) == 0) found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

void write_checkpoint(const fs::path& output, const CheckpointState& state, const AdamW& optimizer,
                      int keep, const std::function<void(const fs::path&)>& more) {
  make_directories(output / kFolder);
  const fs::path target = output / kFolder / fmt::format("{}{:08}", kPrefix, state.step);
  if (fs::exists(target)) return;  // the same step of the same run: the same bytes
  StagedDirectory staged(target);
  write_parameters(staged.path() / kParameterFile, optimizer.parameters());
  write_parameters(staged.path() / kOptimizerFile, optimizer.state());
  if (more) more(staged.path());
  Json json = {{"format_version", kFormatVersion},
               {"step", state.step},
               {"elapsed_seconds", state.elapsed_seconds},
               {"results", state.results},
               {"run", state.run},
               {"files", file_hashes(staged.path())}};
  json["sha256"] = state_hash(json);
  write_file(staged.path() / kStateFile, pretty_json(json));
  staged.commit();
  const std::vector<fs::path> all = checkpoints_of(output);
  for (size_t i = 0; i + static_cast<size_t>(keep) < all.size(); ++i) fs::remove_all(all[i]);
}

void remove_unfinished(const fs::path& folder) {
  std::error_code error;
  std::vector<fs::path> hidden;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (entry.path().filename().string().front() == '.') hidden.push_back(entry.path());
  }
  for (const fs::path& path : hidden) fs::remove_all(path, error);
}

std::optional<fs::path> latest_whole_checkpoint(const fs::path& output) {
  std::vector<fs::path> all = checkpoints_of(output);
  std::string damage;
  std::vector<fs::path> damaged;
  for (; !all.empty(); all.pop_back()) {
    const std::optional<std::string> found = damage_of(all.back());
    if (!found) break;
    log_warning("the checkpoint {} is damaged: {}; {}", all.back().filename().string(), *found,
                all.size() > 1 ? "the one before it is used" : "there is none before it");
    damage = *found;
    damaged.push_back(all.back());
  }
  if (all.empty() && !damaged.empty()) {
    fail(ErrorCode::kBadInput,
         "{} has no checkpoint that is whole ({}); begin anew in another output directory",
         output.string(), damage);
  }
  for (const fs::path& path : damaged) fs::remove_all(path);
  if (all.empty()) return std::nullopt;
  return all.back();
}

CheckpointState read_checkpoint_state(const fs::path& checkpoint) {
  const fs::path path = checkpoint / kStateFile;
  const Json json = read_state_file(path);
  CheckpointState state;
  state.step = json_required<int64_t>(json, "step", path.string());
  state.elapsed_seconds = json_required<double>(json, "elapsed_seconds", path.string());
  for (const auto& [key, value] : {std::pair("run", &state.run), {"results", &state.results}}) {
    if (!json.contains(key) || !json[key].is_object()) {
      fail(ErrorCode::kBadInput, "{}: the key \"{}\" is missing", path.string(), key);
    }
    *value = json[key];
  }
  return state;
}

void restore_checkpoint(const fs::path& checkpoint, AdamW& optimizer) {
  read_parameters(checkpoint / kParameterFile, optimizer.parameters());
  read_parameters(checkpoint / kOptimizerFile, optimizer.state());
}

namespace {

/// Of each source its hash (TrainingSources::identity()).
std::vector<std::string> source_hashes(const Json& run) {
  std::vector<std::string> hashes;
  for (const Json& source : run.value("data", Json::array())) {
    if (source.is_object()) hashes.push_back(source.value("sha256", ""));
  }
  return hashes;
}

void check_same_data(const Json& saved, const Json& run, const std::vector<std::string>& data,
                     const fs::path& checkpoint) {
  const auto before = source_hashes(saved), now = source_hashes(run);
  if (before.size() != now.size() || now.size() != data.size()) return;  // check_same_run shows it
  for (size_t i = 0; i < now.size(); ++i) {
    if (before[i] == now[i]) continue;
    fail(ErrorCode::kMismatch,
         "{} has changed since {} was begun (SHA-256 of what trains: {}, now {}); put back what it "
         "was, or start anew in another output directory",
         data[i], checkpoint.string(), before[i], now[i]);
  }
}

void check_same_model_files(const Json& saved, const Json& run, const fs::path& checkpoint) {
  const Json before = saved.value("model_files", Json::object());
  const Json now = run.value("model_files", Json::object());
  for (const Json& names : {before, now}) {
    for (const auto& [name, hash] : names.items()) {
      if (before.value(name, "") == now.value(name, "")) continue;
      fail(ErrorCode::kMismatch,
           "the model's {} has changed since {} was begun (SHA-256: {}, now {}); put back what it "
           "was, or start anew in another output directory",
           name, checkpoint.string(), before.value(name, "none"), now.value(name, "none"));
    }
  }
}

}  // namespace

void check_same_run(const Json& saved, const Json& run, const fs::path& checkpoint,
                    const std::vector<std::string>& data) {
  const auto check = [&](const std::string& key) {
    const Json found = saved.contains(key) ? saved[key] : Json(nullptr);
    if (!run.contains(key) || found == run[key]) return;
    fail(ErrorCode::kMismatch,
         "{} is of a run with {} = {}, but this one has {}; resume with the same settings, model "
         "and data, or start anew in another output directory",
         checkpoint.string(), key, dump_json(found), dump_json(run[key]));
  };
  check("model_weights_sha256");  // of another model the contract is another, too
  check_same_model_files(saved, run, checkpoint);
  check_same_data(saved, run, data, checkpoint);
  for (const auto& [key, value] : run.items()) check(key);
}

}  // namespace recto
