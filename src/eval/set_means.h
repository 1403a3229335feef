#pragma once
// One number for a set whose corpora were measured one by one, as mteb has it: the mean over its
// subsets.

#include <map>
#include <string>
#include <vector>

#include "eval/evaluate.h"

namespace recto {

struct SetMean {
  std::string set;                   ///< name of the set
  std::string metric;                ///< the main metric
  std::vector<std::string> subsets;  ///< "english", "french", …: one for each prefix of queries
  std::map<std::string, double> systems;  ///< mean over the subsets of their means over queries
};

/// One for each RetrievalTask::set of `reports`, of the systems that all its tasks have.
std::vector<SetMean> set_means(const std::vector<EvalReport>& reports);

/// A table in Markdown with a heading, for cards.
std::string set_mean_table(const SetMean& mean);

/// "english" of "english-".
std::string prefix_name(const std::string& prefix);

}  // namespace recto
