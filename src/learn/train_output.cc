#include "learn/train_output.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "base/directory_name.h"
#include "base/error.h"
#include "base/file.h"
#include "data/training_record.h"
#include "learn/checkpoint.h"
#include "learn/data_argument.h"
#include "learn/lora.h"
#include "learn/parameter_changes.h"
#include "model/model_write.h"

namespace recto {
namespace fs = std::filesystem;
namespace {

constexpr int kMostDimensions = 1 << 16;
constexpr const char* kTrainJson = "train.json";
constexpr const char* kContract = "retriever.json";
constexpr const char* kStaging = ".partial-0";  // messages name its files as the output's

Json read_section(const fs::path& path, const char* key) {
  const Json json = read_json(path);
  if (!json.is_object() || !json.contains(key)) {
    fail(ErrorCode::kBadInput, "{}: the key \"{}\" is missing", path.string(), key);
  }
  return json[key];
}

/// `width` of the model's vectors; 0 when it is for the list to say.
void check_dimensions(const std::vector<int>& dimensions, int width) {
  if (dimensions.front() > kMostDimensions) {
    fail(ErrorCode::kUsage, "--dimensions begins with {}: {} or less is wanted", dimensions.front(),
         kMostDimensions);
  }
  for (size_t i = 0; i < dimensions.size(); ++i) {
    const int found = dimensions[i];
    if (found < 1 || (i == 0 ? width != 0 && found != width : found >= dimensions[i - 1])) {
      fail(ErrorCode::kUsage, "--dimensions {}: a falling list{} is wanted",
           fmt::join(dimensions, ","),
           width == 0 ? "" : fmt::format(" that begins with the model's {} dimensions", width));
    }
  }
}

/// What the output's train.json says of the data, so that it is that of the run's beginning.
Json data_record(const TrainSettings& settings) {
  const fs::path path = fs::path(settings.output) / kTrainJson;
  if (fs::exists(path)) {
    const Json begun = read_json(path);
    if (begun.is_object() && begun.contains("data")) return begun["data"];
  }
  std::vector<fs::path> paths;
  for (const DataArgument& one : parse_data_arguments(settings.data)) paths.push_back(one.path);
  return training_record_json(paths);
}

/// Whether nothing is in `directory` but what a run left that was killed before it wrote anything.
bool is_free(const fs::path& directory) {
  if (!fs::exists(directory)) return true;
  if (!fs::is_directory(directory)) return false;
  return std::all_of(fs::directory_iterator(directory), fs::directory_iterator(),
                     [](const fs::directory_entry& entry) {
                       const std::string name = entry.path().filename().string();
                       return name.starts_with(std::string(".") + kTrainJson);
                     });
}

/// What is trained; the hash of its weights is not known before the end.
SparseOutput sparse_output(const ModelDirectory& model, const TrainSettings& settings) {
  const int vocabulary = model.config().text.vocab_size;
  SparseOutput output = model.contract().sparse.value_or(SparseOutput{});
  output.top_n = settings.sparse_top_n.value_or(std::min(output.top_n, vocabulary));
  output.gain = settings.sparse_gain.value_or(output.gain);
  output.candidates = settings.sparse_candidates.value_or(output.candidates);
  output.weights_sha256.clear();
  const std::pair<const char*, int> counts[] = {{"top-n", output.top_n},
                                                {"candidates", output.candidates}};
  for (const auto& [option, count] : counts) {
    if (count <= vocabulary) continue;
    fail(ErrorCode::kUsage, "--sparse-{} is {}, but the vocabulary has {} tokens", option, count,
         vocabulary);
  }
  return output;
}

/// Numbers of the vectors that come of it; 0 where the matrix that makes them is still to be made.
int vector_width(const ModelDirectory& model, bool vocabulary) {
  if (!vocabulary) return model.config().text.hidden_size;
  return model.sparse_head() ? model.sparse_head()->dense_width() : 0;
}

void move_into(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) {
    fail_errno(errno, fmt::format("cannot write {}", to.string()));
  }
}

}  // namespace

void check_output(const fs::path& output, bool resume) {
  if (output.empty()) fail(ErrorCode::kUsage, "--output is wanted: the directory to write");
  if (resume && checkpoints_of(output).empty() && !fs::exists(output / kTrainJson)) {
    fail(ErrorCode::kUsage,
         "{} has no checkpoint to resume from, nor a {} of a run that ended before its first; "
         "start without --resume",
         output.string(), kTrainJson);
  }
  if (!resume && !is_free(output)) {
    fail(ErrorCode::kUsage,
         "{} exists already; name a new directory, or go on with what is in it by --resume",
         output.string());
  }
}

Contract output_contract(const ModelDirectory& model, const TrainSettings& settings) {
  Contract contract = model.contract();
  if (contract.base_model.empty()) contract.base_model = directory_name(model.path());
  if (!settings.pooling.empty()) contract.pooling = parse_pooling(settings.pooling, "--pooling");
  const bool vocabulary = contract.pooling == Pooling::kVocabulary;
  if (settings.sparse_weight > 0 || vocabulary) contract.sparse = sparse_output(model, settings);
  const int width = vector_width(model, vocabulary);
  if (!settings.dimensions.empty()) {
    check_dimensions(settings.dimensions, width);
    contract.dimensions = settings.dimensions;
  } else if (width != 0 && width != contract.vector_width()) {
    contract.dimensions = {width};  // the pooling is another than the model's
  }
  if (!settings.attention.empty()) contract.causal = settings.attention == "causal";
  if (settings.pooling.empty()) return contract;
  try {
    return Contract::from_json(contract.to_json(), "--pooling " + settings.pooling);
  } catch (const Error& error) {
    fail(ErrorCode::kUsage, "{}", error.what());
  }
}

void start_output(const TrainSettings& settings, const Json& run) {
  const fs::path output(settings.output);
  const bool is_new = !fs::exists(output);
  make_directories(output);
  remove_unfinished(output);
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
               {"data", data_record(settings)},
               {"finished", summary != nullptr}};
  if (summary != nullptr) {
    json["trained_parameters"] = summary->trained_parameters;
    json["steps"] = summary->steps;
    json["skipped_steps"] = summary->skipped;
    json["selection"] = summary->selection;
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

void check_same_begun_run(const fs::path& output, const Json& run,
                          const std::vector<std::string>& data) {
  const fs::path path = output / kTrainJson;
  check_same_run(read_section(path, "run"), run, path, data);
}

void write_model_into(const fs::path& output, const ModelDirectory& from, const Weights& weights,
                      const TensorChanges& changes, std::optional<DType> dtype, Contract contract,
                      const std::optional<SparseHead>& head) {
  const fs::path staging = output / kStaging;
  fs::remove_all(staging);
  write_changed_model_directory(from, weights, changes, dtype, std::move(contract), head, staging);
  for (const auto& entry : fs::directory_iterator(staging)) {
    if (entry.path().filename() != kContract)
      move_into(entry.path(), output / entry.path().filename());
  }
  move_into(staging / kContract, output / kContract);
  fs::remove_all(staging);
}

void write_trained_model(const ModelDirectory& from, RetrieverModel& model,
                         const Trainable& trainable, Contract contract,
                         const TrainSettings& settings) {
  const fs::path output(settings.output);
  const Weights& weights = from.weights();
  std::optional<DType> dtype = parse_weights_dtype(settings.dtype);
  fs::remove_all(output / kAdapterFolder);
  std::optional<SparseHead> head = from.sparse_head();
  if (!model->sparse().is_empty()) head = model->sparse()->head();
  if (contract.sparse) {
    contract.sparse->weights_sha256 = sparse_head_sha256(*head, from.config());
  }
  if (!trainable.lora) {
    const TensorChanges changes =
        parameter_changes(model->named_parameters(), weights, from.config());
    return write_model_into(output, from, weights, changes, dtype, std::move(contract), head);
  }
  const Adapter adapter = extract_adapter(model, *trainable.lora);
  contract.weights_sha256 = adapted_weights_sha256(from.base_weights_sha256(), adapter);
  write_adapter(adapter, from.config(), contract, output / kAdapterFolder);
  if (contract.sparse) write_sparse_head(*head, from.config(), output / kAdapterFolder);
  TensorChanges changes;
  if (settings.merge == "on") {
    changes = merged_layers(weights, adapter);
  } else {
    contract.adapter = kAdapterFolder;
    dtype = std::nullopt;
  }
  write_model_into(output, from, weights, changes, dtype, std::move(contract), head);
}

}  // namespace recto
