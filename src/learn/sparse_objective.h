#pragma once
// What the sparse output is trained for: that a query's tokens, weighted by idf, find the page that
// answers it among those of the step.

#include <cstdint>

#include "learn/contrastive_batch.h"
#include "learn/losses.h"
#include "learn/page_source.h"
#include "learn/process_group.h"
#include "learn/retriever_model.h"
#include "learn/train_settings.h"
#include "learn/training_data.h"
#include "model/tokenizer.h"

namespace recto {

/// ln(1 + gain * count) of the tokens of texts: [texts, vocabulary] (model/sparse_text.h).
torch::Tensor sparse_text_rows(const Tokenizer& tokenizer, const std::vector<std::string>& texts,
                               int64_t vocabulary, int gain = 1);

/// The expected number of rows that have each token, sum of 1 - exp(-(exp(w) - 1) / gain):
/// [vocabulary], of weights [rows, vocabulary] (search/sparse_search.h).
torch::Tensor expected_frequencies(const torch::Tensor& weights, int gain = 1);

/// ln((rows + 1) / (frequency + 1)).
torch::Tensor inverse_frequencies(const torch::Tensor& frequencies, int64_t rows);

struct SparseLoss {
  torch::Tensor total;  ///< [] infonce + flops_weight * flops
  double infonce = 0;   ///< of the scores of search/sparse_search.h, over the temperature
  double flops = 0;     ///< sum over tokens of (mean over pages of the weight)² [Paria et al. 2020]
};

class SparseObjective {
 public:
  /// References must outlive the object.
  SparseObjective(const TrainSettings& settings, const Tokenizer& tokenizer,
                  const TrainingData& data, int64_t vocabulary, int gain);

  /// The idf of the run: that of up to 512 pages of the data, drawn by the seed, as `model` reads
  /// them now. To be called before the first loss, with the model that the run begins with. The
  /// processes of `group` read a part each, and all have the same.
  void measure_idf(RetrieverModel& model, const PageSource& source, int threads,
                   ProcessGroup& group);

  /// [vocabulary], once it is measured.
  const torch::Tensor& idf() const { return idf_; }

  /// `weights` [queries + pages, vocabulary] as RetrieverModel::outputs() gives them, which knows
  /// nothing of texts; `masks` is what the dense losses are given, its vectors aside.
  SparseLoss loss(const torch::Tensor& weights, const ContrastiveBatch& batch,
                  LossInput masks) const;

 private:
  /// The weights with those of the queries and passages put in.
  torch::Tensor with_texts(const torch::Tensor& weights, const ContrastiveBatch& batch) const;

  const TrainSettings& settings_;
  const Tokenizer& tokenizer_;
  const TrainingData& data_;
  int64_t vocabulary_;
  int gain_;
  torch::Tensor idf_;  // [vocabulary], on the model's device
};

}  // namespace recto
