// Captions of figures as queries.

#include "curate/propose_captions.h"

namespace recto {

void generate_captions(GeneratorContext& context) {
  propose_captions(context, CaptionKind::kFigure, "caption", kCaptionGenerator);
}

}  // namespace recto
