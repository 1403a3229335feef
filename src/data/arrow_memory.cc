#include "data/arrow_memory.h"

#include <cstdlib>

namespace recto {

void share_memory_with_arrow() { ::setenv("ARROW_DEFAULT_MEMORY_POOL", "system", /*replace=*/0); }

}  // namespace recto
