#pragma once
// Memory of files that are read through a mapping.

#include <cstddef>
#include <span>

namespace recto {

/// Gives back the pages of a read-only file mapping that `bytes` cover in full. They are read again
/// from the page cache when touched. Memory that is not such a mapping is left alone, whatever it
/// is.
void release_mapped_pages(std::span<const std::byte> bytes);

}  // namespace recto
