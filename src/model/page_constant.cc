#include "model/page_constant.h"

namespace recto {

PageConstant last_constant(const Contract& contract) {
  return contract.pooling == Pooling::kVocabulary ? PageConstant::kWeights
                                                  : PageConstant::kVisualTokens;
}

int constant_width(PageConstant constant, const ModelConfig& config) {
  return constant == PageConstant::kWeights ? config.text.vocab_size : config.text.hidden_size;
}

void give_constant(ModelInput& input, PageConstant constant, std::vector<float> values) {
  input.images.clear();
  (constant == PageConstant::kWeights ? input.picture_weights : input.visual_tokens) =
      std::move(values);
}

}  // namespace recto
