#pragma once
// What a training run is asked to do: the options of "recto train", without torch.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"

namespace recto {

/// A learned temperature stays between these. Below, scores of unit vectors overwhelm fp32; above,
/// no page can be told from another.
inline constexpr double kLeastTemperature = 0.005;
inline constexpr double kMostTemperature = 1;

/// Rank and alpha of adapters for which none is given.
inline constexpr int kLoraRank = 32;
inline constexpr double kLoraAlpha = 32;

struct TrainSettings {
  std::string model;   ///< directory of the model to start from
  std::string output;  ///< directory to write; a model directory in the end

  // Data.
  std::vector<std::string> data;  ///< datasets and files of text pairs, each "PATH[:WEIGHT]"
  std::string batches = "mixed";  ///< "mixed", or "per-source": a step is of one source
  /// Exponent of the shares of source and language (learn/draw_mix.h); none: every pair once
  std::optional<double> balance;
  std::vector<int> longest_edges;         ///< of the pages of a step, drawn; empty: the contract's
  int negatives = 1;                      ///< most hard negatives of a query in a step
  std::string negatives_choice = "best";  ///< of its list; or "sampled", anew for each step
  int remine_every = 0;                   ///< steps between searches for new ones; 0: none
  double remine_ratio = 0.95;             ///< of the answer's score: the most they may have
  std::string remine_ranks = "1-50";      ///< "FIRST-LAST" places among the pages of the source
  std::optional<double> remine_max_score;

  // What is trained
  std::string method = "lora";       ///< "lora", or "full" for every parameter that is not frozen
  std::vector<std::string> freeze;   ///< patterns of parameters that stay as they are (full)
  std::string adapter;               ///< directory of an adapter to go on from; "" for a fresh one
  std::optional<int> lora_r;         ///< the adapter's own, or kLoraRank
  std::optional<double> lora_alpha;  ///< the adapter's own, or kLoraAlpha
  double lora_dropout = 0;
  std::string lora_init = "kaiming";
  std::string lora_targets;  ///< pattern of the adapted layers; "" is the text model's seven
  bool lora_rslora = false;
  bool lora_dora = false;
  std::string attention;     ///< "causal" or "bidirectional"; "" is the model's
  std::string pooling;       ///< "last", "mean" or "vocabulary"; "" is the model's
  std::string merge = "on";  ///< "on": the written weights have the adapters merged; or "off"

  // Losses (learn/loss_settings.h)
  std::vector<std::string> loss = {"infonce"};  ///< "NAME[:WEIGHT],..." (learn/loss_terms.h)
  double temperature = 0.02;
  bool learn_temperature = false;         ///< `temperature` is then where it begins
  std::vector<double> dimension_weights;  ///< of the Matryoshka prefixes; none: 1 each
  bool mask_same_document = false;        ///< pages of the positive's document are no negatives
  bool mask_translations = false;         ///< nor may-be translations of it
  std::vector<std::string> guide;         ///< tables of a guide's vectors
  double guide_margin = 0;
  std::string guide_margin_type = "absolute";  ///< "absolute" or "relative"
  std::vector<std::string> teacher;            ///< tables of a teacher's vectors or scores
  double teacher_temperature = 0.05;

  double epochs = 1;
  int64_t max_steps = 0;   ///< 0: as many as the epochs have
  double max_seconds = 0;  ///< 0: no limit; else the schedule ends at this time
  int batch_size = 32;     ///< pairs in a step
  int chunk_size = 0;      ///< pages in one pass with gradients; 0: by available memory
  uint64_t seed = 0;

  std::optional<double> lr;         ///< default_learning_rate() when not given
  double warmup = 0.1;              ///< below 1 a share of the training, else steps
  std::string schedule = "cosine";  ///< "cosine", "linear" or "constant" after the warm-up
  double weight_decay = 0.01;
  std::vector<std::string> lr_groups;  ///< "PATTERN=FACTOR" (learn/parameter_groups.h)
  std::vector<std::string> no_decay;   ///< patterns of parameters without weight decay
  double clip = 1.0;                   ///< most L2 norm of all gradients together

  // How it is computed
  std::string precision = "fp32";       ///< of products and attention: "fp32" or "bf16"
  bool gradient_checkpointing = false;  ///< activations are computed again instead of kept

  std::optional<int> longest_edge;  ///< written into the output's contract
  std::optional<int> second_edge;   ///< the same; 0: none
  std::vector<int> dimensions;      ///< Matryoshka prefixes, written into the output's contract
  std::string dtype = "fp32";       ///< of the weights written: fp32, fp16, bf16

  // What becomes the model
  int keep_best = 0;          ///< 0: the last state; else the best of so many that are kept
  bool average_best = false;  ///< their mean instead of the best
  int early_stopping = 0;     ///< evaluations in a row without gain that end the run; 0: none do

  int eval_every = 0;      ///< steps between evaluations; 0: before the first step and in the end
  int eval_queries = 200;  ///< most held-out queries; 0: no evaluation at all
  int checkpoint_every = 200;  ///< steps between checkpoints; 0: in the end and when interrupted
  // Features of pages, while vision tower and connector are frozen.
  std::string feature_store;           ///< directory that keeps them; empty: memory alone
  std::string feature_dtype = "fp32";  ///< they are kept in: fp32, fp16, bf16

  int threads = 0;  ///< 0: available_cores()
  std::string device = "cpu";
  bool resume = false;

  // With several processes.
  double dist_timeout = 300;  ///< seconds to wait for others, and for a sign of life of any

  // The sparse output (learn/sparse_objective.h).
  double sparse_weight = 0;  ///< of its loss beside the others; 0: it is not trained
  double sparse_temperature = 0.05;
  double sparse_flops = 0;               ///< weight of its regulariser within its loss
  std::optional<int> sparse_top_n;       ///< the model's own, or SparseOutput's
  std::optional<int> sparse_gain;        ///< the same
  std::optional<int> sparse_candidates;  ///< the same

  /// 2e-4 for LoRA, 2e-5 for full fine-tuning.
  double learning_rate() const { return lr.value_or(method == "lora" ? 2e-4 : 2e-5); }

  /// Everything that decides the result, for train.json and for comparing a resumed run.
  Json to_json() const;
};

/// Throws Error(kUsage) naming the option for a value that cannot be meant.
void check_train_settings(const TrainSettings& settings);

}  // namespace recto
