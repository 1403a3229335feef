#pragma once
// What may be kept of a page in place of its picture, while nothing that makes it changes.

#include <vector>

#include "model/config.h"
#include "model/contract.h"
#include "model/input.h"

namespace recto {

enum class PageConstant {
  kVisualTokens,  ///< what the connector makes of it, [visual tokens, hidden]
  kWeights,       ///< its weights over the vocabulary, [1, vocabulary]: with Pooling::kVocabulary
};

/// Of a model of which nothing changes, the one next to its vectors.
PageConstant last_constant(const Contract& contract);

/// Numbers of a row.
int constant_width(PageConstant constant, const ModelConfig& config);

/// Puts `values` into `input` in place of its images.
void give_constant(ModelInput& input, PageConstant constant, std::vector<float> values);

}  // namespace recto
