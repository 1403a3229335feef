#pragma once

namespace recto {

/// Version of recto as CMakeLists.txt names it, e.g. "0.1.0".
const char* recto_version();

}  // namespace recto
