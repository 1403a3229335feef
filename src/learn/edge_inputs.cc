#include "learn/edge_inputs.h"

#include "base/error.h"

namespace recto {
namespace {

Contract with_edge(Contract contract, int edge) {
  contract.views.longest_edge = edge;
  return contract;
}

}  // namespace

EdgeInputs::Edge::Edge(const ModelDirectory& directory, const Contract& of, int edge)
    : contract(with_edge(of, edge)), inputs(directory.config(), directory.tokenizer(), contract) {}

EdgeInputs::EdgeInputs(const ModelDirectory& directory, const Contract& contract,
                       const std::vector<int>& edges)
    : own_(directory, contract, contract.views.longest_edge) {
  for (const int edge : edges) {
    if (edge == contract.views.second_edge) {
      fail(ErrorCode::kUsage,
           "--longest-edges {}: that is the second edge as well, which would give the same tiles "
           "twice; leave it out, or choose another --second-edge",
           edge);
    }
    if (edge != own_edge()) edges_[edge] = std::make_unique<const Edge>(directory, contract, edge);
  }
}

const InputBuilder& EdgeInputs::at(int edge) const {
  if (edge == own_edge()) return own();
  const auto found = edges_.find(edge);
  RECTO_CHECK(found != edges_.end());
  return found->second->inputs;
}

}  // namespace recto
