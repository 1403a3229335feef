#pragma once
// Settings of libtorch that hold for the whole process.

#include <cstdint>
#include <string>

namespace recto {

/// Version of libtorch, e.g. "2.13.0".
std::string torch_version();

/// Threads of the arithmetic, deterministic algorithms only, and the seed of torch's own random
/// numbers (which nothing in this room draws from).
void set_up_torch(int threads, uint64_t seed);

/// Lets the allocator keep what is freed instead of giving it back to the system. Training takes
/// and frees the same large blocks at each step, and clearing fresh pages costs up to a third of
/// the time. Call once, at the start of a program.
void keep_freed_memory();

}  // namespace recto
