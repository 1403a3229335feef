#include "learn/train_output.h"

#include <cerrno>
#include <cstdio>

#include "base/directory_name.h"
#include "base/error.h"
#include "base/file.h"
#include "learn/checkpoint.h"
#include "learn/lora.h"

namespace recto {
namespace fs = std::filesystem;
namespace {

constexpr const char* kTrainJson = "train.json";
constexpr const char* kAdapter = "adapter";
constexpr const char* kContract = "retriever.json";
constexpr const char* kStaging = ".partial-0";  // messages name its files as the output's

Json read_section(const fs::path& path, const char* key) {
  const Json json = read_json(path);
  if (!json.is_object() || !json.contains(key)) {
    fail(ErrorCode::kBadInput, "{}: the key \"{}\" is missing", path.string(), key);
  }
  return json[key];
}

void move_into(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) {
    fail_errno(errno, fmt::format("cannot write {}", to.string()));
  }
}

}  // namespace

void check_output(const fs::path& output, bool resume) {
  if (output.empty()) fail(ErrorCode::kUsage, "--output is wanted: the directory to write");
  if (resume && !latest_checkpoint(output) && !fs::exists(output / kTrainJson)) {
    fail(ErrorCode::kUsage,
         "{} has no checkpoint to resume from, nor a {} of a run that ended before its first; "
         "start without --resume",
         output.string(), kTrainJson);
  }
  if (!resume && fs::exists(output) && !(fs::is_directory(output) && fs::is_empty(output))) {
    fail(ErrorCode::kUsage,
         "{} exists already; name a new directory, or go on with what is in it by --resume",
         output.string());
  }
}

Contract output_contract(const ModelDirectory& model, const TrainSettings& settings) {
  Contract contract = model.contract();
  if (contract.base_model.empty()) contract.base_model = directory_name(model.path());
  if (settings.dimensions.empty()) return contract;
  const int width = model.config().text.hidden_size;
  for (size_t i = 0; i < settings.dimensions.size(); ++i) {
    const int found = settings.dimensions[i];
    if (found < 1 || (i == 0 ? found != width : found >= settings.dimensions[i - 1])) {
      fail(ErrorCode::kUsage,
           "--dimensions {}: a falling list that begins with the model's {} dimensions is wanted",
           fmt::join(settings.dimensions, ","), width);
    }
  }
  contract.dimensions = settings.dimensions;
  return contract;
}

void start_output(const TrainSettings& settings, const Json& run) {
  const fs::path output(settings.output);
  const bool is_new = !fs::exists(output);
  make_directories(output);
  try {
    write_train_json(settings, run);
  } catch (const Error&) {
    std::error_code ignored;
    if (is_new) fs::remove(output, ignored);
    throw;
  }
}

void write_train_json(const TrainSettings& settings, const Json& run, const TrainSummary* summary) {
  Json json = {{"format_version", 1},
               {"settings", settings.to_json()},
               {"run", run},
               {"finished", summary != nullptr}};
  if (summary != nullptr) {
    json["trained_parameters"] = summary->trained_parameters;
    json["steps"] = summary->steps;
    json["skipped_steps"] = summary->skipped;
    json["held_out_before"] = summary->before ? summary->before->to_json() : Json(nullptr);
    json["features"] = summary->features ? summary->features->to_json() : Json(nullptr);
    json["held_out_after"] = summary->after ? summary->after->to_json() : Json(nullptr);
    if (summary->learned_temperature) json["learned_temperature"] = *summary->learned_temperature;
  }
  write_file(fs::path(settings.output) / kTrainJson, pretty_json(json));
}

bool is_finished(const fs::path& output) {
  const fs::path path = output / kTrainJson;
  return fs::exists(path) && json_optional<bool>(read_json(path), "finished", path.string(), false);
}

int saved_chunk_size(const fs::path& output) {
  const fs::path path = output / kTrainJson;
  return json_required<int>(read_section(path, "settings"), "chunk_size", path.string());
}

void check_same_unfinished_run(const fs::path& output, const Json& run) {
  const fs::path path = output / kTrainJson;
  check_same_run(read_section(path, "run"), run, path);
}

DType parse_dtype(const std::string& name) {
  if (name == "bf16") return DType::kBF16;
  return name == "fp16" ? DType::kF16 : DType::kF32;
}

void write_trained_model(const ModelDirectory& from, RetrieverModel& model,
                         const Trainable& trainable, const Contract& contract, DType dtype,
                         const fs::path& output) {
  Weights weights = from.weights();
  const fs::path staging = output / kStaging;
  fs::remove_all(staging);
  fs::remove_all(output / kAdapter);
  if (trainable.lora) {
    const Adapter adapter = extract_adapter(model, *trainable.lora);
    merge_adapter(weights, adapter);
    write_adapter(adapter, from.config(), output / kAdapter);
  } else {
    model->store(weights);
  }
  write_model_directory(from, weights, dtype, contract, staging);
  for (const auto& entry : fs::directory_iterator(staging)) {
    if (entry.path().filename() != kContract)
      move_into(entry.path(), output / entry.path().filename());
  }
  move_into(staging / kContract, output / kContract);
  fs::remove_all(staging);
}

}  // namespace recto
