#include "base/heap.h"

#include <malloc.h>

namespace recto {

void give_free_memory_back() {
#if defined(__GLIBC__)
  ::malloc_trim(0);
#endif
}

void return_freed_memory_at_once() {
#if defined(__GLIBC__)
  // Set once, neither grows with the blocks that are freed (mallopt(3)).
  ::mallopt(M_MMAP_THRESHOLD, 128 << 10);
  ::mallopt(M_TRIM_THRESHOLD, 1 << 20);
#endif
}

}  // namespace recto
