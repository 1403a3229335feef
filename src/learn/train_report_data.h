#pragma once
// What train_report.html shows of a run, gathered. Without torch.

#include <string>

#include "learn/train_report.h"
#include "learn/train_settings.h"
#include "learn/training_sources.h"

namespace recto {

struct ReportedRun {
  const TrainSettings& settings;
  const TrainingSources& sources;
  ReportedFacts facts;      ///< what was trained
  ReportedFacts resources;  ///< memory and speed; the peak so far is added
};

/// Pairs by source, language and kind, the most frequent first.
std::vector<ReportedPairs> reported_pairs(const TrainingData& data);

/// A sample by `seed` of the queries that are trained on and have hard negatives, every source,
/// language and kind in turn, with pictures. A picture that cannot be read is left out.
std::vector<ReportedExample> reported_examples(const TrainingSources& sources, uint64_t seed);

/// Writes train_report.html into the output directory of the run, from its metrics.jsonl and its
/// data. `state` is a sentence on how far it came. Throws Error(kIo).
void write_train_report(const ReportedRun& run, const std::string& state);

}  // namespace recto
