#pragma once
// A forward pass that shows what it does.

#include <vector>

#include "engine/connector.h"
#include "engine/text_model.h"
#include "engine/vision_tower.h"
#include "model/embedder.h"

namespace recto {

/// The views of `input` through the towers, layer by layer. Each activation is shown once, for all
/// views together: [views, rows, width]. Inner tensors of layer 0 only. Returns the visual tokens
/// [views * tokens, width].
std::vector<float> inspect_views(const ModelInput& input, const VisionTower& vision,
                                 const Connector& connector, Workspace& workspace,
                                 const ActivationObserver& observer);

/// The text model over one sequence, activations [tokens, width], then logits_last [vocabulary]
/// where the checkpoint has an output head. Inner tensors of layer 0 only.
void inspect_text(const TextSequence& sequence, const TextModel& text, Workspace& workspace,
                  const ActivationObserver& observer);

}  // namespace recto
