#pragma once
// What "recto train --objective reading" is asked to do beside the settings that it shares with
// other trainings. Without torch.

#include <string>
#include <vector>

#include "base/json.h"
#include "learn/train_settings.h"

namespace recto {

struct ReadingSettings {
  // Documents are named by patterns of their paths (model/python_regex.h, the whole path).
  std::vector<std::string> leave_out;   ///< not read at all
  std::vector<std::string> hold_out;    ///< read only to measure
  std::vector<std::string> fresh;       ///< patterns of parameters that begin anew
  int document_pages = 0;               ///< a longer document counts as one of so many; 0: none
  int page_tiles = 4;                   ///< tiles cut out of a page that is drawn
  std::string page_scales = "0.8-1.3";  ///< "LEAST-MOST" of the contract's longest edge
  double heading_tiles = 0.25;          ///< share of the tiles around large letters
  double line_tiles = 0.15;             ///< share of the tiles with a line and nothing else
  double degraded_tiles = 0.35;         ///< share of the tiles that are degraded()
  double transcribed_tiles = 0.5;       ///< share of the tiles of a step that are transcribed
  double muon_lr = 0.02;                ///< learning rate of the matrices of the layers
  double decay = 0.45;                  ///< last share of the training, in which rates fall to 0
  int eval_tiles = 96;                  ///< held-out tiles, and as many lines
};

/// Weights of the four things that are learned at once.
struct ReadingLosses {
  double characters = 1;  ///< of each slot of a patch
  double tokens = 0.5;    ///< where the centre of a token is
  double bag = 0.5;       ///< the tokens in the place of a visual token
  double transcription = 0.25;
};

/// Throws Error(kUsage) naming the option for a value that cannot be meant, and for a setting of
/// other trainings that has no meaning here.
void check_reading_settings(const TrainSettings& common, const ReadingSettings& reading);

/// Throws Error(kUsage) naming the option for a setting of `reading` that is not its default: for
/// trainings with another objective.
void refuse_reading_settings(const ReadingSettings& reading);

/// --loss: "characters", "tokens", "bag", "transcription", each with a weight behind a colon. What
/// is not named has none; the default of ReadingLosses when the option is not given.
ReadingLosses parse_reading_losses(const std::vector<std::string>& texts);

/// LEAST and MOST of --page-scales. Throws Error(kUsage).
std::pair<double, double> parse_page_scales(const std::string& text);

/// Learning rate of what Muon does not train.
double reading_learning_rate(const TrainSettings& common);

/// Factor of the learning rates of step `step` (from 0) of `steps`: it rises to 1 over the warm-up
/// (a share below 1, or steps) and falls in a line to 0 over the last `decay` of the training.
double reading_rate_factor(int64_t step, int64_t steps, double warmup, double decay);

/// Everything that decides the result but the number of steps, for comparing a resumed run.
Json reading_json(const TrainSettings& common, const ReadingSettings& reading);

}  // namespace recto
