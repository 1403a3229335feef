// Titles of tables as queries.

#include "curate/propose_captions.h"

namespace recto {

namespace {

constexpr size_t kTellingWords = 10;

}  // namespace

void generate_tables(GeneratorContext& context) {
  propose_captions(context, CaptionKind::kTable, "table", kTableGenerator, kTellingWords);
}

}  // namespace recto
