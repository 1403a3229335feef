#pragma once
// Options, declared once: `threads` is --threads on the command line, RECTO_THREADS in the
// environment and the key `threads` in a configuration file. The same thing has the same name,
// group and default in every command.

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/value_check.h"
#include "engine/cpu_embedder.h"
#include "model/model_directory.h"
#include "model/shipped_model.h"

namespace recto {

/// Help groups, in the order in which --help shows them.
inline constexpr const char* kInputGroup = "Input";
inline constexpr const char* kOutputGroup = "Output";
inline constexpr const char* kModelGroup = "Model";
inline constexpr const char* kTrainingGroup = "Training";
inline constexpr const char* kLossGroup = "Loss";
inline constexpr const char* kReadingGroup = "Reading, with --objective reading";
inline constexpr const char* kSpeedGroup = "Speed";
inline constexpr const char* kGeneralGroup = "General";

/// RECTO_BATCH_TOKENS for "batch-tokens".
std::string environment_name(const std::string& option);

/// Declares --NAME with its environment twin. The present content of `value` is the default, and
/// shown in --help unless it is empty.
template <typename T>
CLI::Option* add_setting(CLI::App& app, const std::string& name, T& value,
                         const std::string& description, const char* group) {
  return check_type<T>(app.add_option("--" + name, value, description)
                           ->envname(environment_name(name))
                           ->group(group)
                           ->capture_default_str());
}

/// The same for a text taken as it is, whatever characters it has.
CLI::Option* add_setting(CLI::App& app, const std::string& name, std::string& value,
                         const std::string& description, const char* group);
CLI::Option* add_setting(CLI::App& app, const std::string& name, std::optional<std::string>& value,
                         const std::string& description, const char* group);
/// The same for an option that can be given several times, each time with one text.
CLI::Option* add_setting(CLI::App& app, const std::string& name, std::vector<std::string>& values,
                         const std::string& description, const char* group);
/// A switch: --NAME, or NAME=true in the environment and the file.
CLI::Option* add_setting(CLI::App& app, const std::string& name, bool& value,
                         const std::string& description, const char* group);

/// One or more files or folders without a flag of their own.
CLI::Option* add_paths(CLI::App& app, const std::string& name, std::vector<std::string>& values,
                       const std::string& description);

/// The group of commands about datasets.
inline constexpr const char* kDatasetCommands = "dataset";
inline constexpr const char* kDatasetCommandsDescription =
    "Look at datasets, prove what they promise, convert and change them";

/// The argument DIR, required.
void add_dataset_argument(CLI::App& app, std::string& directory);

/// `model`, or where none is named the one that comes with recto, which is then told on stderr.
std::filesystem::path model_or_shipped(const std::string& model);

/// What --help says of a command that takes the model that comes with recto when none is named.
inline constexpr const char* kShippedDefault = "the nano retriever that comes with recto";

/// What decides the vectors: the model, and what may be set differently from its contract.
struct ModelOptions {
  std::string model;  ///< empty for the one that comes with recto
  std::string adapter;
  std::optional<int> longest_edge;
  std::optional<int> second_edge;
  std::string image_splitting;
  std::string position_ids;
  std::string resample_order;
  std::string precision = "fp32";

  ContractOverrides overrides() const;
  std::shared_ptr<const ModelDirectory> open() const;
};
/// --second-edge; `otherwise` says what holds where it is not given.
void add_second_edge_option(CLI::App& app, std::optional<int>& edge, const char* otherwise);
/// --model, --adapter, --precision and the contract's overrides. `without` tells people what is
/// used when no model is named.
void add_model_options(CLI::App& app, ModelOptions& options, const char* without = kShippedDefault);
/// --model and --adapter in place of the model that an index remembers; `without` as above.
void add_index_model_options(CLI::App& app, std::string& model, std::string& adapter,
                             const std::string& without = "the one the index was made with");
void add_dimensions_option(CLI::App& app, std::optional<int>& dimensions);

/// How fast, and what to do with bad inputs.
struct RunOptions {
  int threads = 0;  ///< 0 for all cores
  int64_t batch_tokens = 4096;
  bool keep_going = false;

  EngineOptions engine() const { return {.threads = threads, .batch_tokens = batch_tokens}; }
};
void add_threads_option(CLI::App& app, int& threads);
void add_batch_option(CLI::App& app, int64_t& batch_tokens);
void add_keep_going_option(CLI::App& app, bool& keep_going);
/// All three.
void add_run_options(CLI::App& app, RunOptions& options);

CLI::Option* add_output_option(CLI::App& app, std::string& output, const std::string& description);
void add_json_option(CLI::App& app, bool& json);
void add_seed_option(CLI::App& app, uint64_t& seed);

}  // namespace recto
