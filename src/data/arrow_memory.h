#pragma once
// Where Arrow takes its memory from.

namespace recto {

/// Arrow uses malloc() from now on, like everything else here, unless the environment names another
/// pool (ARROW_DEFAULT_MEMORY_POOL): its own allocators keep what was freed, beside what malloc()
/// keeps. To be called before Arrow is used, by one thread; later it has no effect.
void share_memory_with_arrow();

}  // namespace recto
