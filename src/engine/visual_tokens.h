#pragma once
// What a model sees of pages, kept by somebody from one run to the next: for an unchanged vision
// tower it is a constant of the page.

#include <optional>
#include <span>
#include <vector>

#include "base/sha256_digest.h"
#include "model/input.h"

namespace recto {

/// What vision tower and connector make of a page.
struct VisualTokens {
  Tiling tiling;
  std::vector<float> values;  ///< as ModelInput::visual_tokens
};

/// Knows the visual tokens of pages, and makes those that nobody knows yet. They are the same
/// wherever they come from. A page is known by the SHA-256 of its image file.
class VisualTokenSource {
 public:
  virtual ~VisualTokenSource() = default;

  /// Nothing when they have to be made. Thread-safe.
  virtual std::optional<VisualTokens> find(const Sha256Digest& image) = 0;

  /// A page to look at; `input` has its views.
  struct Missing {
    Sha256Digest image;
    const ModelInput* input;
  };
  /// ModelInput::visual_tokens of each of `pages`, which find() knows from then on if it can.
  virtual std::vector<std::vector<float>> make(std::span<const Missing> pages) = 0;
};

}  // namespace recto
