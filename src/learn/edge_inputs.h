#pragma once
// The inputs of a model for several sizes of pages. Without torch.

#include <map>
#include <memory>
#include <vector>

#include "model/model_directory.h"

namespace recto {

/// Input builders that differ in the longest edge of pages alone. Thread-safe.
class EdgeInputs {
 public:
  /// Under `contract`, which a training may write another than its model has. `directory` must
  /// outlive the object. `edges` may name the contract's own. Throws Error(kUsage) for one that is
  /// its second edge.
  EdgeInputs(const ModelDirectory& directory, const Contract& contract,
             const std::vector<int>& edges = {});
  explicit EdgeInputs(const ModelDirectory& directory, const std::vector<int>& edges = {})
      : EdgeInputs(directory, directory.contract(), edges) {}

  /// The builder for the longest edge `edge` in pixels: one of the constructor's, or the
  /// contract's.
  const InputBuilder& at(int edge) const;

  /// The builder of the contract itself, and its edge.
  const InputBuilder& own() const { return own_.inputs; }
  int own_edge() const { return own_.contract.views.longest_edge; }

 private:
  struct Edge {
    Edge(const ModelDirectory& directory, const Contract& of, int edge);
    Contract contract;
    InputBuilder inputs;
  };
  const Edge own_;
  std::map<int, std::unique_ptr<const Edge>> edges_;
};

}  // namespace recto
