#pragma once
// Settings of libtorch that hold for the whole process.

#include <cstdint>
#include <string>

namespace recto {

/// Version of libtorch, e.g. "2.13.0".
std::string torch_version();

/// Threads of the arithmetic, deterministic algorithms only (on CUDA as far as there are any), and
/// the seed of torch's own random numbers (which nothing in this room draws from). Call before the
/// first use of `device` ("cpu", "cuda", "cuda:N").
void set_up_torch(int threads, uint64_t seed, const std::string& device);

/// Starts this program again with GOMP_SPINCOUNT set, unless the environment says already how
/// OpenMP's threads wait for each other: by default they spin for long, and a product on two cores
/// takes three times as long when anything else wants one of them. The library reads this before
/// main() begins. Call first in main(); returns when there is nothing to do or it cannot be done.
void spin_briefly(char** argv);

/// Lets torch's allocator (learn/block_allocator.h) and that of the program keep what is freed
/// instead of giving it back to the system. Call once, at the start of a program.
void keep_freed_memory();

}  // namespace recto
