// Titles of tables as queries.

#include "curate/propose_captions.h"

namespace recto {

void generate_tables(GeneratorContext& context) {
  propose_captions(context, CaptionKind::kTable, "table", kTableGenerator);
}

}  // namespace recto
