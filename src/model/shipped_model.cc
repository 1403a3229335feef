#include "model/shipped_model.h"

#include <array>
#include <system_error>

#include "base/error.h"
#include "base/file.h"

namespace recto {
namespace fs = std::filesystem;

namespace {

std::array<fs::path, 2> places(const std::string& name) {
  const fs::path here = executable_path().parent_path();
  return {(here / ".." / "share" / "recto" / "models" / name).lexically_normal(),
          fs::path(RECTO_SOURCE_MODELS) / name};
}

bool is_model(const fs::path& directory) {
  std::error_code ignored;
  return fs::is_regular_file(directory / "config.json", ignored);
}

}  // namespace

fs::path find_shipped_model(const std::string& name) {
  for (const fs::path& place : places(name)) {
    if (is_model(place)) return place;
  }
  return {};
}

fs::path shipped_model(const std::string& name) {
  fs::path found = find_shipped_model(name);
  if (!found.empty()) return found;
  const auto looked = places(name);
  fail(ErrorCode::kNotFound,
       "no model is named, and the default, the model {} that comes with recto, is neither in {} "
       "nor in "
       "{}; "
       "name a model with --model, or install recto with its folder share/recto",
       name, looked[0].string(), looked[1].string());
}

std::string shipped_model_name(const fs::path& directory) {
  for (const char* name : {kNanoRetriever, kNanoBase}) {
    std::error_code ignored;
    const fs::path place = find_shipped_model(name);
    if (!place.empty() && fs::equivalent(place, directory, ignored)) return name;
  }
  return {};
}

}  // namespace recto
