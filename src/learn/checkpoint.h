#pragma once
// Checkpoints of a training run: OUTPUT/checkpoints/step-00000123/ with parameters.safetensors
// (what is trained), optimizer.safetensors (its state) and state.json, which has the SHA-256 of the
// others and of itself. The order of the data and the dropout masks depend on seed and step alone,
// so these two are the position of the sampler and the whole random state.

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "learn/optimizer.h"

namespace recto {

struct CheckpointState {
  int64_t step = 0;               ///< steps done
  double elapsed_seconds = 0;     ///< of training, for --max-seconds
  Json results = Json::object();  ///< what the run knows besides, and will tell in the end
  Json run;  ///< what decides the result (settings, hashes), compared on resuming
};

/// Writes a checkpoint whole or not at all, then removes all but the latest `keep`. `more` may
/// put further files into its directory, which it is given. Throws Error(kIo); a full disk leaves
/// the earlier checkpoints as they were.
void write_checkpoint(const std::filesystem::path& output, const CheckpointState& state,
                      const AdamW& optimizer, int keep,
                      const std::function<void(const std::filesystem::path&)>& more = nullptr);

/// Removes what a run that was killed while it wrote into a folder of `output` left behind.
void remove_unfinished(const std::filesystem::path& folder);

/// The checkpoints of `output`, oldest first.
std::vector<std::filesystem::path> checkpoints_of(const std::filesystem::path& output);

/// The latest checkpoint of `output` whose files are all there with the hashes its state.json
/// tells; nothing when there is none at all. Later ones, which are damaged, are said on stderr and
/// removed. Throws Error(kBadInput) naming what is wrong when all are damaged.
std::optional<std::filesystem::path> latest_whole_checkpoint(const std::filesystem::path& output);

/// state.json of a checkpoint. Throws Error(kBadInput) naming what is wrong in it.
CheckpointState read_checkpoint_state(const std::filesystem::path& checkpoint);

/// Restores parameters and optimiser state. Throws Error(kBadInput | kMismatch) naming the tensor.
void restore_checkpoint(const std::filesystem::path& checkpoint, AdamW& optimizer);

/// Throws Error(kMismatch) naming the first entry of `run` whose value is not that of `saved`; for
/// data whose content is another, which of `data` (--data, as given; may be empty) it is.
void check_same_run(const Json& saved, const Json& run, const std::filesystem::path& checkpoint,
                    const std::vector<std::string>& data);

}  // namespace recto
