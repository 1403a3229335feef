#include "cli/train_options.h"

#include "cli/options.h"

namespace recto {
namespace {

void add_files(CLI::App& app, TrainSettings& s) {
  add_setting(app, "model", s.model,
              "Model directory to start from (default: the nano base that comes with recto)",
              kModelGroup)
      ->type_name("DIR");
  add_output_option(app, s.output, "Directory to write: a model directory in the end")
      ->type_name("DIR");
  add_setting(app, "resume", s.resume, "Go on from the latest checkpoint in the output directory",
              kOutputGroup);
  add_setting(app, "checkpoint-every", s.checkpoint_every,
              "Steps between checkpoints; 0: only in the end and when interrupted", kOutputGroup)
      ->type_name("STEPS");
  add_setting(app, "dtype", s.dtype, "Type of the weights written", kOutputGroup)
      ->type_name("fp32|fp16|bf16")
      ->check(CLI::IsMember({"fp32", "fp16", "bf16"}).description(""));
  add_setting(app, "longest-edge", s.longest_edge,
              "Longest side of a page in pixels before it is cut into tiles; the written model "
              "keeps it (default: the model's)",
              kModelGroup)
      ->type_name("PIXELS")
      ->check(CLI::Range(1, 4096).description(""));
  add_second_edge_option(app, s.second_edge, "default: the model's; the written model keeps it");
  add_setting(app, "dimensions", s.dimensions,
              "Prefix lengths that are trained to work alone (Matryoshka), the full length first",
              kModelGroup)
      ->type_name("N,N,...")
      ->delimiter(',');
}

void add_schedule(CLI::App& app, TrainSettings& s) {
  add_setting(app, "epochs", s.epochs, "Passes over the pairs", kTrainingGroup)->type_name("N");
  add_setting(app, "max-steps", s.max_steps, "Most steps; 0: as many as the epochs have",
              kTrainingGroup)
      ->type_name("N");
  add_setting(app, "max-seconds", s.max_seconds,
              "Most time; the learning rate then falls to 0 by this time. 0: no limit",
              kTrainingGroup)
      ->type_name("S");
  add_setting(app, "batch-size", s.batch_size, "Pairs in a step", kTrainingGroup)->type_name("N");
  add_setting(app, "lr", s.lr, "Learning rate (default: 2e-4 for LoRA, 2e-5 for full)",
              kTrainingGroup)
      ->type_name("RATE");
  add_setting(app, "warmup", s.warmup,
              "Part of the training in which the learning rate rises: a share below 1, or "
              "steps, fewer than the training has",
              kTrainingGroup)
      ->type_name("N");
  add_setting(app, "weight-decay", s.weight_decay, "Of AdamW", kTrainingGroup)->type_name("W");
  add_setting(app, "clip", s.clip, "Most L2 norm of all gradients together", kTrainingGroup)
      ->type_name("NORM");
  add_setting(app, "eval-every", s.eval_every,
              "Steps between measurements on held-out queries; 0: before and after", kTrainingGroup)
      ->type_name("STEPS");
  add_setting(app, "eval-queries", s.eval_queries, "Most held-out queries; 0: none", kTrainingGroup)
      ->type_name("N");
}

}  // namespace

void add_train_options(CLI::App& app, TrainOptions& options) {
  TrainSettings& settings = options.settings;
  add_files(app, settings);
  add_train_data_options(app, settings);
  add_train_method_options(app, settings);
  add_train_loss_options(app, settings);
  add_schedule(app, settings);
  add_train_optimizer_options(app, settings);
  add_train_selection_options(app, settings);
  add_threads_option(app, settings.threads);
  add_setting(app, "chunk-size", settings.chunk_size,
              "Pages of the largest kind, or as much else, in one pass with gradients; fewer take "
              "less memory and more time, the result is the same. 0: by available memory",
              kSpeedGroup)
      ->type_name("N");
  add_train_reading_options(app, options);
  add_train_feature_options(app, settings);
  add_setting(app, "device", settings.device, "Where the model is trained", kSpeedGroup)
      ->type_name("cpu|cuda|cuda:N");
  add_seed_option(app, settings.seed);
  add_setting(app, "dist-timeout", settings.dist_timeout,
              "With several processes (torchrun, srun, mpirun): how long to wait for the others at "
              "the start, and for a sign of life of any later",
              kSpeedGroup)
      ->type_name("S");
}

}  // namespace recto
