#pragma once
// The directory a training run writes.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "learn/feature_counts.h"
#include "learn/held_out.h"
#include "learn/train_settings.h"
#include "learn/trainable.h"
#include "model/model_directory.h"
#include "model/tensor_changes.h"

namespace recto {

inline constexpr const char* kAdapterFolder = "adapter";

/// Throws Error(kUsage) when `output` is not empty and a new run is wanted, or the run is to be
/// resumed and there is neither a checkpoint nor a train.json.
void check_output(const std::filesystem::path& output, bool resume);

/// The contract of the model that will be written: that of `model` with the settings' dimensions,
/// attention and pooling, and the name of the model it was made from. Throws Error(kUsage) for
/// dimensions that are not a falling list beginning with the full width, and for a pooling that the
/// prompts are not made for.
Contract output_contract(const ModelDirectory& model, const TrainSettings& settings);

/// train.json: the settings, and with a summary what came of them.
struct TrainSummary {
  int64_t trained_parameters = 0;
  int64_t steps = 0;
  int64_t skipped = 0;
  std::optional<HeldOutResult> before, after;
  std::optional<FeatureCounts> features;      ///< when the vision tower is frozen
  std::optional<double> learned_temperature;  ///< with --learn-temperature
  Json selection;
};
void write_train_json(const TrainSettings& settings, const Json& run,
                      const TrainSummary* summary = nullptr);
/// Makes the output directory of a new run with the train.json from which it can be resumed even
/// before its first checkpoint; a failure leaves no directory that was not there.
void start_output(const TrainSettings& settings, const Json& run);
/// Whether train.json says that the run came to its end.
bool is_finished(const std::filesystem::path& output);
/// Pages at once of the run that began in `output`. Throws Error(kBadInput).
int saved_chunk_size(const std::filesystem::path& output);
/// check_same_run() against train.json, for a run that ended before its first checkpoint.
void check_same_begun_run(const std::filesystem::path& output, const Json& run,
                          const std::vector<std::string>& data);

/// Writes a model directory as write_changed_model_directory() does into the directory `output`,
/// beside what is there. The files appear only when all of them are complete, retriever.json last.
void write_model_into(const std::filesystem::path& output, const ModelDirectory& from,
                      const Weights& weights, const TensorChanges& changes,
                      std::optional<DType> dtype, Contract contract,
                      const std::optional<SparseHead>& head);

/// Writes the model with what was trained, its sparse head among it, into `output`, beside what is
/// there. Adapters are in
/// adapter/, and merged into the weights with --merge on; otherwise the weights are those of `from`
/// as they are, and retriever.json says that adapter/ belongs to them. The files appear only when
/// all of them are complete, retriever.json last.
void write_trained_model(const ModelDirectory& from, RetrieverModel& model,
                         const Trainable& trainable, Contract contract,
                         const TrainSettings& settings);

}  // namespace recto
