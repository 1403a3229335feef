#pragma once
// Captions to queries: the part that figures and tables share. Private to generator_*.cc.

#include "curate/captions.h"
#include "curate/generator_context.h"

namespace recto {

/// Proposes captions of one kind as queries of `candidate_kind`: those on pages, and those that
/// only a list names. Dropped are short ones (fewer than three words), long ones (more than 30),
/// code, and what a text layer left with loose accents. Those of fewer than `telling_words` come
/// with the title of the work, those of fewer than five also with the heading they stand under.
void propose_captions(GeneratorContext& context, CaptionKind kind, const char* candidate_kind,
                      const char* generator, size_t telling_words);

}  // namespace recto
