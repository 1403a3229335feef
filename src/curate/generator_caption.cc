// Captions of figures as queries.

#include "curate/propose_captions.h"

namespace recto {

namespace {

/// Fewer words may stand below pictures of many works ("Main window of the installer").
constexpr size_t kTellingWords = 10;

}  // namespace

void generate_captions(GeneratorContext& context) {
  propose_captions(context, CaptionKind::kFigure, "caption", kCaptionGenerator, kTellingWords);
}

}  // namespace recto
