#pragma once
// What happens when somebody shortens a file while it is mapped: the system answers the next touch
// of the missing bytes with SIGBUS, in the middle of any loop. (A disk that fails does the same.)

#include <cstddef>
#include <string>

namespace recto {

/// From now on such a SIGBUS ends the process with status 1 and a line on stderr that names the
/// file; what is being written stays under its temporary name. Any other SIGBUS does what it did
/// before. For programs, which call it once at their start; a library leaves signals alone.
void install_shrunk_file_handler();

/// MappedFile tells what is mapped where. Beyond some hundred files at once the rest goes unnamed,
/// and its SIGBUS unhandled.
void note_mapping(const std::byte* data, size_t size, const std::string& path);
void forget_mapping(const std::byte* data);

}  // namespace recto
