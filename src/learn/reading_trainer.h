#pragma once
// "recto train --objective reading": a model of random weights learns to read from PDFs with a text
// layer.

#include <optional>

#include "learn/reading_measure.h"
#include "learn/reading_settings.h"
#include "learn/trainer.h"

namespace recto {

struct ReadingResult {
  int64_t steps = 0;  ///< done in all, earlier runs of the same training included
  double last_loss = 0;
  double tiles_per_second = 0;            ///< of this run, measuring not counted
  std::optional<ReadingMeasure> measure;  ///< in the end, when there are held-out documents
};

/// Trains the parameters of common.model, a model directory, that no pattern of common.freeze
/// matches, on tiles of the pages of the documents of common.data, and writes into common.output:
/// the model, checkpoints/, metrics.jsonl and train.json. Learned at once, all from the words of
/// the text layer and where they stand: the characters of each patch, the token whose centre lies
/// in a patch, the tokens in the place of each visual token, and the tile's text token by token
/// behind kTranscriptionPrompt. What only the first three need (two linear layers, a norm and a
/// bias) lies in a file of its own. Matrices of the layers are stepped by Muon, everything else by
/// AdamW (betas 0.9, 0.98).
///
/// The same settings, model, documents and machine type give the same bytes with as many threads
/// (but for times in metrics.jsonl), interrupted and resumed or not; a run is resumed to more steps
/// than it had as well, with the learning rates of the new length. SIGINT and SIGTERM write a
/// checkpoint and end it with Error(kInterrupted). A loss or gradient that is not a finite number
/// ends it with Error(kInternal). `observer` is called after each step.
///
/// Throws Error(kUsage) for settings that cannot be meant, and what opening model and documents
/// throws.
ReadingResult train_reading(const TrainSettings& common, const ReadingSettings& reading,
                            const StepObserver& observer = {});

}  // namespace recto
