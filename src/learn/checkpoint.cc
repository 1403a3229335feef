#include "learn/checkpoint.h"

#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "learn/retriever_model.h"
#include "model/safetensors.h"

namespace recto {
namespace fs = std::filesystem;
namespace {

constexpr const char* kFolder = "checkpoints";
constexpr const char* kPrefix = "step-";

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

void write_tensors(const fs::path& path, const std::vector<NamedParameter>& tensors) {
  SafetensorsWriter writer;
  for (const NamedParameter& tensor : tensors) {
    const torch::Tensor values = tensor.value.detach().to(torch::kCPU).contiguous();
    writer.add(tensor.name, values.sizes().vec(),
               std::span(values.data_ptr<float>(), static_cast<size_t>(values.numel())));
  }
  writer.write(path);
}

void read_tensors(const fs::path& path, const std::vector<NamedParameter>& tensors) {
  const torch::NoGradGuard no_grad;
  const SafetensorsFile file(path);
  for (const NamedParameter& tensor : tensors) {
    const TensorView& view = file.at(tensor.name);
    if (at::IntArrayRef(view.shape) != tensor.value.sizes()) {
      fail(ErrorCode::kMismatch, "{}: {} has the shape {}, the run wants {}", path.string(),
           tensor.name, shape_text(view.shape), shape_text(tensor.value.sizes().vec()));
    }
    torch::Tensor target = tensor.value;
    target.copy_(to_tensor(view));
  }
  if (file.tensors().size() != tensors.size()) {
    fail(ErrorCode::kMismatch, "{} has {} tensors, the run wants {}", path.string(),
         file.tensors().size(), tensors.size());
  }
}

}  // namespace

void write_checkpoint(const fs::path& output, const CheckpointState& state, const AdamW& optimizer,
                      int keep, const std::function<void(const fs::path&)>& more) {
  make_directories(output / kFolder);
  const fs::path target = output / kFolder / fmt::format("{}{:08}", kPrefix, state.step);
  if (fs::exists(target)) return;  // the same step of the same run: the same bytes
  StagedDirectory staged(target);
  write_tensors(staged.path() / "parameters.safetensors", optimizer.parameters());
  write_tensors(staged.path() / "optimizer.safetensors", optimizer.state());
  if (more) more(staged.path());
  write_file(staged.path() / "state.json", pretty_json({{"format_version", 1},
                                                        {"step", state.step},
                                                        {"elapsed_seconds", state.elapsed_seconds},
                                                        {"bad_steps", state.bad_steps},
                                                        {"results", state.results},
                                                        {"run", state.run}}));
  staged.commit();
  std::vector<fs::path> all = checkpoints_of(output);
  for (size_t i = 0; i + static_cast<size_t>(keep) < all.size(); ++i) fs::remove_all(all[i]);
}

void remove_unfinished_checkpoints(const fs::path& output) {
  std::error_code error;
  std::vector<fs::path> hidden;
  for (const auto& entry : fs::directory_iterator(output / kFolder, error)) {
    if (entry.path().filename().string().front() == '.') hidden.push_back(entry.path());
  }
  for (const fs::path& path : hidden) fs::remove_all(path, error);
}

std::optional<fs::path> latest_checkpoint(const fs::path& output) {
  const std::vector<fs::path> all = checkpoints_of(output);
  if (all.empty()) return std::nullopt;
  return all.back();
}

CheckpointState read_checkpoint_state(const fs::path& checkpoint) {
  const fs::path path = checkpoint / "state.json";
  const Json json = read_json(path);
  const int version = json_required<int>(json, "format_version", path.string());
  if (version != 1) {
    fail(ErrorCode::kUnsupported, "{}: format_version {} is not known; this recto reads 1",
         path.string(), version);
  }
  CheckpointState state;
  state.step = json_required<int64_t>(json, "step", path.string());
  state.elapsed_seconds = json_required<double>(json, "elapsed_seconds", path.string());
  state.bad_steps = json_required<int>(json, "bad_steps", path.string());
  for (const auto& [key, value] : {std::pair("run", &state.run), {"results", &state.results}}) {
    if (!json.contains(key) || !json[key].is_object()) {
      fail(ErrorCode::kBadInput, "{}: the key \"{}\" is missing", path.string(), key);
    }
    *value = json[key];
  }
  return state;
}

void restore_checkpoint(const fs::path& checkpoint, AdamW& optimizer) {
  read_tensors(checkpoint / "parameters.safetensors", optimizer.parameters());
  read_tensors(checkpoint / "optimizer.safetensors", optimizer.state());
}

void check_same_run(const Json& saved, const Json& run, const fs::path& checkpoint) {
  for (const auto& [key, value] : run.items()) {
    const Json found = saved.contains(key) ? saved[key] : Json(nullptr);
    if (found == value) continue;
    fail(ErrorCode::kMismatch,
         "{} is of a run with {} = {}, but this one has {}; resume with the same settings, model "
         "and data, or start anew in another output directory",
         checkpoint.string(), key, dump_json(found), dump_json(value));
  }
}

}  // namespace recto
