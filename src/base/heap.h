#pragma once
// What the allocator keeps of memory that was freed.

namespace recto {

/// Gives memory that was freed back to the system, where the allocator keeps it (glibc).
void give_free_memory_back();

/// From now on blocks of 128 KB or more that are freed go back to the system at once, however many
/// there were, and so does what lies free at the end of the heap (glibc). For long runs whose
/// memory should not grow with their length; each such block costs a few page faults.
void return_freed_memory_at_once();

}  // namespace recto
