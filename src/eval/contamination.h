#pragma once
// Whether what a model was trained on holds what it is measured on.

#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "eval/task.h"

namespace recto {

/// What training data holds of a task, by the rules by which curation leaves out an evaluation set
/// (curate/exclusions.h): what `recto curate --exclude` would have dropped is found here, and
/// nothing else. Pages of content class "blank" are not compared by picture. The pages of a task of
/// texts are compared with the texts that were trained on (eval/training_texts.h): the same words.
struct Contamination {
  std::vector<std::string> training;  ///< names of the datasets
  int64_t training_pages = 0, training_queries = 0;
  int64_t documents = 0;  ///< of the task, that are in the training data (SHA-256 of the file)
  int64_t pages = 0;      ///< of the task, of which it has the document, or look and words
  int64_t queries = 0;    ///< of the task, with the words of a training query, or 8 in a row of one
  /// Queries whose words, whose answer, or the document of whose answer is in the training data.
  std::set<std::string> touched;

  /// Pages alone that no query asks for do not make a task easier.
  bool is_flagged() const { return documents > 0 || !touched.empty(); }
};

/// A sentence: the task is contaminated, shares only what no query asks for, or nothing.
std::string contamination_verdict(const Contamination& found);

/// Compares the task of `split` of `dataset` with what `training` names (eval/training_data.h): the
/// split "train" of a dataset, or all its splits where none is called so (but `split` of the task's
/// own dataset); all of a folder in another layout; the queries of text pairs. Throws what
/// resolve_training and Exclusions::load throw.
Contamination find_contamination(const RetrievalTask& task, const Dataset& dataset,
                                 const std::vector<std::filesystem::path>& training);

/// The mean of `per_query` over the queries that are not `touched`; empty when none is left.
MetricValues mean_without(const std::map<std::string, MetricValues>& per_query,
                          const std::set<std::string>& touched);

}  // namespace recto
