#pragma once
// What a model makes of pages, kept by somebody from one run to the next: while nothing that makes
// it changes, it is a constant of the page.

#include <optional>
#include <span>
#include <vector>

#include "base/sha256_digest.h"
#include "model/input.h"
#include "model/page_constant.h"

namespace recto {

/// What is known of a page.
struct KnownPage {
  Tiling tiling;
  std::vector<float> values;  ///< of the constant that is kept, as ModelInput has it
};

/// Knows pages, and makes what nobody knows yet. The values are the same wherever they come from.
/// A page is known by the SHA-256 of its image file.
class KnownPages {
 public:
  virtual ~KnownPages() = default;

  /// Which constant the values are of.
  virtual PageConstant constant() const = 0;

  /// Nothing when they have to be made. Thread-safe.
  virtual std::optional<KnownPage> find(const Sha256Digest& image) = 0;

  /// A page to look at; `input` has its views.
  struct Missing {
    Sha256Digest image;
    const ModelInput* input;
  };
  /// The values of each of `pages`, which find() knows from then on if it can.
  virtual std::vector<std::vector<float>> make(std::span<const Missing> pages) = 0;
};

}  // namespace recto
