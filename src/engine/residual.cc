#include "engine/residual.h"

namespace recto {

void add_residual(const Linear& linear, const float* source, int64_t rows, Workspace& workspace,
                  const std::string& name, const Probe& probe, int64_t shown) {
  float* const states = workspace.states.data();
  if (!probe) {
    linear.apply(source, rows, states, Epilogue::kAdd, workspace.threads, workspace.scratchpad);
    return;
  }
  const int64_t width = linear.outputs();
  std::vector<float> term(static_cast<size_t>(rows * width));
  linear.apply(source, rows, term.data(), Epilogue::kStore, workspace.threads,
               workspace.scratchpad);
  probe(name, shown, width, term.data(), width);
  for (int64_t i = 0; i < rows * width; ++i) states[i] += term[static_cast<size_t>(i)];
}

}  // namespace recto
