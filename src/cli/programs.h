#pragma once
// Other programs that recto starts.

#include <filesystem>
#include <string>

namespace recto {

/// The program `name`: what the environment variable `variable` names, else beside this program,
/// else on PATH. Empty when there is none.
std::filesystem::path find_program(const std::string& name, const std::string& variable = {});

/// First line of what `program` `argument` writes to stdout, empty when it fails.
std::string first_output_line(const std::filesystem::path& program, const std::string& argument);

}  // namespace recto
