#pragma once
// The texts that a system was trained to find, without pictures.

#include <functional>
#include <string>

#include "eval/training_data.h"

namespace recto {

/// Calls `visit` with each: the passages of text pairs, the texts of a dataset's pages in `splits`,
/// of another folder the documents of BEIR's corpus.jsonl or of mteb's configurations "corpus"
/// (title, a space, text). Throws what reading them throws.
void for_each_training_text(const TrainingSource& source, const std::vector<std::string>& splits,
                            const std::function<void(const std::string&)>& visit);

}  // namespace recto
