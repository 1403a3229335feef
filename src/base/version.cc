#include "base/version.h"

namespace recto {

const char* recto_version() { return RECTO_VERSION; }

}  // namespace recto
