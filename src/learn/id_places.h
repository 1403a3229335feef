#pragma once
// Where the ids that a table from outside names stand in the training data. Without torch.

#include <string>
#include <unordered_map>
#include <vector>

#include "learn/training_data.h"

namespace recto {

/// Finds query_id and page_id. What stands in several sources under one id is found in all of them
/// when it is the same: queries of the same words, pages of the same document. Otherwise the table
/// has to say "PLACE OF THE SOURCE:ID", from 0, which is always understood.
class IdPlaces {
 public:
  /// `option` names the table in messages. `data` must outlive the object.
  IdPlaces(const TrainingData& data, std::string option);

  /// The queries or pages with this id, mostly one or none. Throws Error(kBadInput) when they are
  /// different ones.
  const std::vector<size_t>& queries(const std::string& id) const;
  const std::vector<size_t>& pages(const std::string& id) const;

 private:
  using Places = std::unordered_map<std::string, std::vector<size_t>>;

  [[noreturn]] void fail_ambiguous(const std::string& id, const char* what, size_t first,
                                   size_t other) const;

  const TrainingData& data_;
  std::string option_;
  Places queries_, pages_;
};

}  // namespace recto
