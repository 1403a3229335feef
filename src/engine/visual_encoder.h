#pragma once
// The part of a forward pass that depends on nothing but the picture, without the text model: what
// a training with a frozen vision tower keeps of a page.

#include <memory>
#include <span>
#include <vector>

#include "model/input.h"
#include "model/model_directory.h"
#include "model/page_constant.h"

namespace recto {

/// Vision tower and connector on the CPU, in fp32, and the head that weighs the vocabulary.
class VisualEncoder {
 public:
  /// Packs no weight before the first picture. `threads` = 0: all cores this process may use. A
  /// model whose `constant` is weights must have a sparse output.
  VisualEncoder(std::shared_ptr<const ModelDirectory> model, int threads,
                PageConstant constant = PageConstant::kVisualTokens);
  /// For weights by another head than the model's; what `head` makes vectors of is not looked at.
  VisualEncoder(std::shared_ptr<const ModelDirectory> model, int threads, SparseHead head,
                const SparseOutput& output);
  ~VisualEncoder();
  VisualEncoder(const VisualEncoder&) = delete;
  VisualEncoder& operator=(const VisualEncoder&) = delete;

  /// Of each input the connector's output [image tokens, hidden] of its views in their order, or
  /// the weights [vocabulary], nothing for one without images. The bits of one depend on nothing
  /// but its images: not on the other inputs, not on `threads`. Thread-safe. Throws what
  /// Embedder::embed() throws.
  std::vector<std::vector<float>> encode(std::span<const ModelInput* const> inputs);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace recto
