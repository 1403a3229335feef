#include "cli/options.h"
#include "cli/train_options.h"

namespace recto {
namespace {

void add_sources(CLI::App& app, TrainSettings& s) {
  add_setting(app, "data", s.data,
              "Dataset of recto curate or dataset import, or a file of text pairs (columns query, "
              "passage); a weight above 0 draws its pairs that much more often",
              kInputGroup)
      ->type_name("DIR|FILE.jsonl|FILE.parquet[:WEIGHT]")
      ->required();
  add_setting(app, "batches", s.batches,
              "Take the pairs of a step from all data together, or from one source each time",
              kInputGroup)
      ->type_name("mixed|per-source")
      ->check(CLI::IsMember({"mixed", "per-source"}).description(""));
  add_setting(app, "balance", s.balance,
              "Draw source and language in proportion to the T-th power of their pairs: 1 as they "
              "are, 0 all alike (default: every pair once an epoch)",
              kInputGroup)
      ->type_name("T");
  add_setting(
      app, "longest-edges", s.longest_edges,
      "Cut each page of a step at one of these longest sides, drawn anew each time, so that "
      "cheap settings work too; measured and written is --longest-edge",
      kInputGroup)
      ->type_name("N,N,...")
      ->delimiter(',')
      ->check(CLI::Range(1, 4096).description(""));
}

void add_negatives(CLI::App& app, TrainSettings& s) {
  add_setting(app, "negatives", s.negatives, "Most hard negatives of a query in a step",
              kTrainingGroup)
      ->type_name("N");
  add_setting(app, "negatives-choice", s.negatives_choice,
              "Take the best of those a query has, or others of them in each step", kTrainingGroup)
      ->type_name("best|sampled")
      ->check(CLI::IsMember({"best", "sampled"}).description(""));
  add_setting(app, "remine-every", s.remine_every,
              "Steps between searches for hard negatives with the model as it is then, and before "
              "the first step when the data has none; 0: those of the data",
              kTrainingGroup)
      ->type_name("STEPS");
  add_setting(app, "remine-ratio", s.remine_ratio,
              "Most score of such a negative, as a share of the answer's; needs --remine-every",
              kTrainingGroup)
      ->type_name("SHARE");
  add_setting(
      app, "remine-ranks", s.remine_ranks,
      "Places it may have among the pages of its source that are no answers; needs --remine-every",
      kTrainingGroup)
      ->type_name("FIRST-LAST");
  add_setting(app, "remine-max-score", s.remine_max_score,
              "Most score of such a negative, whatever the answer's; needs --remine-every",
              kTrainingGroup)
      ->type_name("SCORE");
}

}  // namespace

void add_train_data_options(CLI::App& app, TrainSettings& settings) {
  add_sources(app, settings);
  add_negatives(app, settings);
}

}  // namespace recto
